"""Files that are no film at all: lists of other files, documents, subtitles, pages, noise."""

from __future__ import annotations

import numpy as np
from harm import hostile


@hostile
def empty() -> bytes:
    return b""


@hostile
def one_byte() -> bytes:
    return b"\0"


@hostile
def hls_playlist_of_a_local_file() -> bytes:
    return b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"


@hostile
def hls_playlist_of_an_inward_address() -> bytes:
    return b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10,\nhttp://127.0.0.1:9/latest/meta-data/x.ts\n#EXT-X-ENDLIST\n"


@hostile
def list_of_files_to_join() -> bytes:
    return b"ffconcat version 1.0\nfile '/etc/passwd'\nfile 'http://127.0.0.1:9/x.mp4'\n"


@hostile
def dash_manifest() -> bytes:
    return (
        b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        b'mediaPresentationDuration="PT10S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1">'
        b"<BaseURL>file:///etc/passwd</BaseURL></Representation></AdaptationSet></Period></MPD>"
    )


@hostile
def session_description() -> bytes:
    head = b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    return head + b"m=video 9 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"


@hostile
def svg_that_includes_a_file() -> bytes:
    return (
        b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        b'<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><text>&x;</text></svg>'
    )


@hostile
def xml_of_a_billion_laughs() -> bytes:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{entities}]><x>&l9;</x>'.encode()


@hostile
def subtitles_in_srt() -> bytes:
    return b"1\n00:00:00,000 --> 00:00:10,000\n<img src='file:///etc/passwd'>\n"


@hostile
def subtitles_that_name_another_file() -> bytes:
    head = b"# VobSub index file, v7 (do not modify this line!)\nsize: 720x576\n"
    return head + b"id: en, index: 0\ntimestamp: 00:00:01:000, filepos: 000000000\n"


@hostile
def html() -> bytes:
    return b"<!doctype html><video src='http://127.0.0.1:9/'></video>"


@hostile
def html_that_begins_like_a_gif() -> bytes:
    return b"GIF89a=1;/*" + b"<script>fetch('http://127.0.0.1:9/')</script>" * 10


@hostile
def noise() -> bytes:
    return np.random.default_rng(3).integers(0, 256, 200_000, np.uint8).tobytes()
