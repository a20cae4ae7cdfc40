"""The peer of the look-ups: a bare Starlette app under uvicorn, with the same SQL.

SQLAlchemy Core on the event loop, orjson, uvloop and httptools; no token, no limit, no metrics.
`python -m benchmarks.peer_serving STORE_URL PORT`
"""

import sys

import orjson
import uvicorn
from sqlalchemy import and_, bindparam, create_engine, event, select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from serving.store.tables import batches, current, scores

JSON = "application/json"


def app(url: str) -> Starlette:
    """Return the app."""
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def autocommit(connection, _record):  # type: ignore[no-untyped-def]
        connection.isolation_level = None

    head = [batches.c[n] for n in ("as_of", "batch_id", "model_version", "published_at")]
    columns = [c for c in scores.columns if c.name != "batch_id"]
    here = and_(scores.c.batch_id == current.c.batch_id, scores.c.customer_id == bindparam("id"))
    joined = current.join(batches, batches.c.batch_id == current.c.batch_id).join(scores, here)
    query = select(*head, *columns).select_from(joined)
    kept = engine.connect()

    async def customer(request: Request) -> Response:
        found = kept.execute(query, {"id": request.path_params["customer_id"]}).mappings().first()
        if found is None:
            return Response(status_code=404)
        row = {str(name): value for name, value in found.items()}
        for name in ("reasons", "missing"):
            row[name] = orjson.Fragment(row[name])
        answer = {str(c.name): row[str(c.name)] for c in head} | {"results": [row]}
        return Response(orjson.dumps(answer), media_type=JSON)

    return Starlette(routes=[Route("/v1/customers/{customer_id}", customer)])


if __name__ == "__main__":
    uvicorn.run(
        app(sys.argv[1]),
        port=int(sys.argv[2]),
        log_level="error",
        access_log=False,
        loop="uvloop",
        http="httptools",
    )
