"""Names of files in headers."""

import pytest

from sightline.gateway.media import disposition


@pytest.mark.parametrize(
    ("display_name", "header"),
    [
        ("photo.jpg", "attachment; filename*=UTF-8''photo.jpg"),
        ("", "attachment"),
        ("../../etc/passwd", "attachment; filename*=UTF-8''passwd"),
        ("C:\\windows\\system.ini", "attachment; filename*=UTF-8''system.ini"),
        ("..", "attachment"),
        ('a"; filename=evil.exe', "attachment; filename*=UTF-8''a%22%3B%20filename%3Devil.exe"),
        ("a\r\nset-cookie: b", "attachment; filename*=UTF-8''a%0D%0Aset-cookie%3A%20b"),
        ("\u00fcber.jpg", "attachment; filename*=UTF-8''%C3%BCber.jpg"),
    ],
)
def test_no_name_breaks_out_of_its_header(display_name: str, header: str) -> None:
    assert disposition(display_name) == header
