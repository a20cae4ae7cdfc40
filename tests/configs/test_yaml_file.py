import pytest

from configs.errors import SettingsError
from configs.yaml_file import MAX_BYTES, read_mapping


def test_every_key_has_its_line(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("a: 1\nb:\n  c: {d: 2}\n", encoding="utf-8")
    data, lines = read_mapping(path)
    assert data == {"a": 1, "b": {"c": {"d": 2}}}
    assert lines == {("a",): 1, ("b",): 2, ("b", "c"): 3, ("b", "c", "d"): 3}


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfname: a\r\n")
    assert read_mapping(path)[0] == {"name": "a"}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty; it needs at least"),
        (b"# only a comment\n", "is empty"),
        (b"- a\n", "holds one list at its top level"),
        (b"just text\n", "holds one text at its top level"),
        (b"a: 1\nb: [1\n", r"no readable YAML: .*\(line 3\)"),
        (b"a:\n\tb: 1\n", r"no readable YAML: .*\(line 2\)"),
        (b"a: 1\nb: 2\na: 3\n", r"key `a` is given twice \(line 3\)"),
        (b"a: {b: 1, b: 2}\n", "key `b` is given twice"),
        (b"a: 1\n---\na: 2\n", "no readable YAML"),
        (b"a: !!python/object:os.system x\n", "no readable YAML"),
        (b"a: 2024-13-45\n", "no readable YAML: month must be in"),
        (b"a: \x01\n", "no readable YAML"),
        (b"[" * 5000, "nested too deeply"),
        ("a: 1\nb: Zürich\n".encode("latin-1"), "not UTF-8 in line 2"),
        (b"a: 1\n" * MAX_BYTES, "too many for a settings file"),
    ],
)
def test_an_unusable_file_is_refused_with_the_line(tmp_path, content, sentence):
    path = tmp_path / "a.yaml"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=sentence) as caught:
        read_mapping(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_named_with_its_neighbours(tmp_path):
    (tmp_path / "cdnow.yaml").write_text("a: 1", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"no settings file .*holds cdnow\.yaml"):
        read_mapping(tmp_path / "cdnw.yaml")
    with pytest.raises(SettingsError, match="holds no YAML file"):
        read_mapping(tmp_path / "nowhere" / "a.yaml")


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="is a folder; name a settings file"):
        read_mapping(tmp_path)


def test_a_reference_to_itself_comes_to_an_end(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("a: &a\n  b: *a\n", encoding="utf-8")
    data, _ = read_mapping(path)
    assert data["a"]["b"] is data["a"]
