"""The command line of lists, on a published batch."""

import csv
import json
from datetime import UTC, datetime, timedelta

import pytest

import perennial
from serving.scores import ScoreStore
from tests.serving.made import made_batch, made_settings, publish

TERMS = ("--cost", "0.5", "--margin", "0.4", "--save-rate", "0.2", "--holdout", "0.3")


@pytest.fixture
def config(tmp_path):
    settings = made_settings(tmp_path)
    store = ScoreStore(settings.store_url)
    publish(store, made_batch(customers=600, published_at=datetime.now(UTC)))
    store.close()
    return tmp_path / "shop.yaml"


@pytest.fixture
def call(config, capsys):
    """Call `perennial list` and return its exit code and what it said."""

    def run(*words):
        code = perennial.main(["list", "-c", str(config), *map(str, words)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_a_list_goes_its_way(call, tmp_path):
    code, out, _ = call("preview", *TERMS, "--json")
    assert code == 0
    told = json.loads(out)
    code, out, _ = call("make", "--name", "spring", *TERMS, "--json")
    made = json.loads(out)
    assert (code, made["counts"]) == (0, told["counts"])
    assert made["created_by"] == "cli"
    path = tmp_path / "members.csv"
    assert call("members", "spring", "--arm", "contacted", "--out", path)[0] == 0
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == made["counts"]["contacted"]
    today = made["begins_on"]
    sent = tmp_path / "sent.csv"
    lines = "".join(f"{row['customer_id']},{today}\n" for row in rows)
    sent.write_text(f"customer_id,contacted_at\n{lines}")
    code, out, _ = call("contacts", sent, "--list", "spring", "--json")
    assert json.loads(out)["recorded"] == len(rows)
    bought = tmp_path / "bought.csv"
    lines = "".join(f"{row['customer_id']},25.5\n" for row in rows[::2])
    bought.write_text(f"customer_id,revenue\n{lines}")
    assert call("outcomes", "spring", bought)[0] == 0
    code, out, _ = call("readout", "spring")
    assert code == 0
    assert "preliminary" in out
    assert json.loads(call("readout", "spring", "--json")[1])["outcomes_from"] == "imported"
    assert json.loads(call("show", "--json")[1])["lists"][0]["list_id"] == "spring"
    assert "spring" in call("show")[1]
    assert made["digest"] in call("show", "spring")[1]


def test_a_preview_is_told_in_words_and_writes_nothing(call):
    code, out, _ = call("preview", *TERMS)
    assert code == 0
    assert "a preview: nothing is written" in out
    assert "chance of a loss" in out
    assert json.loads(call("show", "--json")[1]) == {"lists": []}


def test_terms_of_a_file_give_way_to_those_of_the_command(call, tmp_path):
    terms = tmp_path / "terms.yaml"
    terms.write_text("contact_cost: 0.5\nmargin: 0.2\naudience: {risk_tier: [high]}\nseed: 7\n")
    code, out, _ = call("preview", "--terms", terms, "--margin", "0.4", "--json")
    told = json.loads(out)["terms"]
    assert (code, told["assumed"]["margin"], told["seed"]) == (0, 0.4, 7)
    assert told["audience"]["risk_tier"] == ["high"]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("make", "--margin", "0.4"), 2, "--cost must be given"),
        (("make", "--cost", "1"), 2, "no margin is known: give `margin` (`--margin` at"),
        (
            ("preview", *TERMS, "--holdout", "0.7"),
            2,
            "perennial: --holdout must be a share from 0 to 0.5, or auto\n",
        ),
        (
            ("preview", *TERMS, "--margin", "1.5"),
            2,
            "perennial: --margin must be a number from 0 to 1, got '1.5'\n",
        ),
        (("preview", *TERMS, "--budget", "0"), 2, "--budget must be a number above 0 and at most"),
        (("preview", *TERMS, "--outcome", "clicks"), 2, "--outcome must be one of return_rate, r"),
        (("preview", *TERMS, "--risk", "highest"), 2, "--risk must be one of high, medium, low, g"),
        (("make", *TERMS, "--name", "Ümlaut"), 2, "--name must be a name of small letters"),
        (("make", *TERMS, "--name", "new"), 2, "--name 'new' is an address of its own"),
        (("preview", *TERMS, "--begins-on", "2020-01-01"), 2, "--begins-on 2020-01-01 lies before"),
        (("preview", *TERMS, "--channel", "fax"), 2, "no customer is known to be reached by 'fax'"),
        (("show", "none"), 2, "there is no list 'none'"),
        (("members", "none", "--arm", "both"), 2, "--arm must be contacted or held_out"),
        (("contacts", "nowhere.csv"), 2, "nowhere.csv cannot be read"),
        (("preview", "--terms", "nowhere.yaml"), 2, "nowhere.yaml cannot be read"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_an_exit_code(call, words, code, sentence):
    found, out, err = call(*words)
    assert (found, out) == (code, "")
    assert sentence in err


def test_a_list_that_would_contact_nobody_is_refused_with_3_and_previewed_in_words(call):
    terms = (*TERMS, "--budget", "0.01")
    code, out, err = call("make", *terms)
    assert (code, out) == (3, "")
    assert "the budget of 0.01 is less than one contact costs" in err
    code, out, _ = call("preview", *terms)
    assert code == 0
    assert "the budget of 0.01 is less than one contact costs" in out
    assert "expected cost" not in out


def test_a_name_that_is_taken_is_refused_with_3(call):
    assert call("make", "--name", "spring", *TERMS)[0] == 0
    code, _, err = call("make", "--name", "spring", *TERMS)
    assert (code, "was made before" in err) == (3, True)


def test_a_list_cannot_begin_before_its_scores(call):
    early = (datetime(2024, 7, 1, tzinfo=UTC) - timedelta(days=1)).date()
    code, _, err = call("make", *TERMS, "--begins-on", early)
    assert (code, "the day of the scores" in err) == (2, True)


def test_the_settings_are_named_before_the_action(capsys):
    assert perennial.main(["list", "show"]) == 2
    assert "perennial list -c CONFIG" in capsys.readouterr().err
