"""The model registry: which bundles there are, which of them is challenger and which champion.

A registered version points at the bundle among its run's artifacts. It is the record of what was
promoted; the service reads the bundle's own folder and never asks the registry.
"""

from pathlib import Path

from training.tracking import BUNDLE_PATH, Tracker, TrackingDown

CHALLENGER, CHAMPION = "challenger", "champion"


class Registry:
    """Registered versions of bundles in a tracker's store."""

    def __init__(self, tracker: Tracker) -> None:
        self.tracker = tracker

    def register(
        self,
        bundle_dir: Path,
        run_id: str,
        name: str,
        *,
        tags: dict[str, str] | None = None,
        description: str | None = None,
    ) -> str:
        """Register the bundle that a run has stored and give the version's number.

        Parameters
        ----------
        bundle_dir : the bundle's folder, compared with what the run has
        run_id : the run that `Tracker.log_result` has recorded
        name : of the registered model, made if it is not there
        tags, description : of the version, as `run_record.version_tags` and `description` give

        Raises
        ------
        TrackingDown
            If the store does not answer, or the run lacks a file of the bundle: MLflow itself
            would call a version ready whose files do not exist.
        """
        client = self.tracker.client
        with self.tracker.answering("register the bundle"):
            self._check_files(bundle_dir, run_id)
            self._ensure_model(name)
            root = str(client.get_run(run_id).info.artifact_uri).rstrip("/")
            version = client.create_model_version(
                name,
                source=f"{root}/{BUNDLE_PATH}",
                run_id=run_id,
                tags=tags,
                description=description,
                await_creation_for=0,
            )
        return str(version.version)

    def set_alias(self, name: str, alias: str, version: str) -> None:
        """Let an alias point at a version; it leaves the version it pointed at."""
        client = self.tracker.client
        with self.tracker.answering(f"set the alias {alias!r}"):
            client.set_registered_model_alias(name, alias, version)

    def version_of(self, name: str, alias: str) -> str | None:
        """Version that an alias points at; None without the alias or the model."""
        client = self.tracker.client
        with self.tracker.answering(f"read the alias {alias!r}"):
            found = client.search_registered_models(f"name = '{name}'", max_results=1)
            aliases = found[0].aliases if found else {}
        return str(aliases[alias]) if alias in aliases else None

    def _ensure_model(self, name: str) -> None:
        from mlflow.exceptions import MlflowException

        client = self.tracker.client
        if client.search_registered_models(f"name = '{name}'", max_results=1):
            return
        try:
            client.create_registered_model(name)
        except MlflowException as error:
            # Another training job may have made it in between.
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise

    def _check_files(self, bundle_dir: Path, run_id: str) -> None:
        wanted = {
            path.relative_to(bundle_dir).as_posix(): path.stat().st_size
            for path in sorted(bundle_dir.rglob("*"))
            if path.is_file()
        }
        stored = self._stored_files(run_id, BUNDLE_PATH)
        lacking = [
            name
            for name, size in wanted.items()
            if stored.get(f"{BUNDLE_PATH}/{name}", -1) not in (size, None)
        ]
        if lacking or not wanted:
            what = f"lacks {lacking[0]}" if lacking else f"has no bundle: {bundle_dir} is empty"
            raise TrackingDown(
                f"run {run_id} {what} ({len(lacking)} of {len(wanted)} files differ from "
                f"{bundle_dir}); record the result again before registering it"
            )

    def _stored_files(self, run_id: str, folder: str) -> dict[str, int | None]:
        """Path -> size of a run's artifacts below a folder; the size is None where not told."""
        files: dict[str, int | None] = {}
        for info in self.tracker.client.list_artifacts(run_id, folder):
            if info.is_dir:
                files |= self._stored_files(run_id, info.path)
            else:
                files[info.path] = info.file_size
        return files
