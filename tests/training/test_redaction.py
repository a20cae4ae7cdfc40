import pytest

from training.redaction import redact, redact_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://ann:hunter2@db:5432/shop", "postgresql://***@db:5432/shop"),
        ("postgresql://ann:p@ss/w@db/shop?x=1", "postgresql://***@db/shop?x=1"),
        ("https://ghp_token@host/x", "https://***@host/x"),
        ("postgresql://db/shop?user=a&password=hunter2&x=1",
         "postgresql://db/shop?user=a&password=***&x=1"),
        ("host=db sslpassword = hunter2 user=a", "host=db sslpassword = *** user=a"),
        ("mailto ann@example.org about a/b", "mailto ann@example.org about a/b"),
        ("configs/data/cdnow_master.txt.gz", "configs/data/cdnow_master.txt.gz"),
    ],
)  # fmt: skip
def test_secrets_in_a_text_are_hidden_and_nothing_else(text, shown):
    assert redact_text(text) == shown


def test_settings_keep_their_shape_and_lose_their_secrets():
    settings = {
        "db": {"password": "hunter2", "port": 5432},
        "urls": ["https://a:b@c/d"],
        "api_key": "k",
        "token": None,
        "secret": "",
    }
    assert redact(settings) == {
        "db": {"password": "***", "port": 5432},
        "urls": ["https://***@c/d"],
        "api_key": "***",
        "token": None,
        "secret": "",
    }
    assert settings["api_key"] == "k"
