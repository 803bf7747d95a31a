"""Why Fairlead, nginx and HAProxy differ, case by case, and the page of it: docs/reference/strictness.md."""

BOTH_FRAMINGS = "two framings: whoever reads the other one sees another request (RFC 9112, 6.1 lets a server refuse it)"
REPEATED_LENGTH = "a repeated length is refused even where the copies agree; RFC 9112, 6.3 allows either"
ENCODING_1_0 = "HTTP/1.0 has no Transfer-Encoding: faulty framing (RFC 9112, 6.1)"
TAB_IN_ENCODING = "a tab beside a value is white space (RFC 9110, 5.6.3)"
FOLDING = "obs-fold: a server refuses it or replaces it (RFC 9112, 5.2); servers join such lines in different ways"
BARE_LF = "a recipient may take LF for a line end (RFC 9112, 2.2), and those behind it may not"
CHUNK_LF = "chunk lines end in CRLF only (RFC 9112, 7.1); LF for it is how chunks are smuggled"
CHUNK_SPACE = "no white space stands behind a chunk size (RFC 9112, 7.1)"
EXTENSIONS = "extensions are bounded: 256 bytes in a chunk"
TRAILERS = "trailers are bounded: 32, and 8 KiB"
TRAILER_FORM = "trailers are read as strictly as the head"
FIELDS = "fields are bounded: 128; HAProxy's default is 101"
LARGE_FIELD = "`limits.header_size` is 64 KiB; nginx's line is 8 KiB by default, HAProxy's buffer 16 KiB"
CONTROL = "control bytes are no part of a value (RFC 9110, 5.5)"
FIELD_LINE = "such a line is no field; nginx drops it and goes on"
HOST_FORM = "routes go by the host: only a host with a port is one (RFC 9110, 7.2)"
HOST_ONCE = "exactly one Host on HTTP/1.1 (RFC 9112, 3.2)"
HOST_EMPTY = "an empty Host names nobody; routes go by it"
ABSOLUTE = "servers get the origin form, whatever the client sent (RFC 9112, 3.2.1)"
ABSOLUTE_NO_PATH = "a target may have a query and no path (RFC 3986, 3.3)"
ABSOLUTE_DIFFERS = "the target and Host name two hosts, and whoever routes by the other one is misled; nginx takes the target"
ABSOLUTE_USER = "a target has no user part (RFC 9110, 4.2.4)"
VERSION_0_9 = "there is no HTTP/0.9 on the web any more"
VERSION_FORM = "a version is two digits with a dot (RFC 9112, 2.3)"
VERSION = "answered with 505 and closed: we speak 1.0 and 1.1 only"
LINE_SPACE = "single spaces in the request line (RFC 9112, 3); lenient parsing splits it at different places"
EMPTY_LINES = "one empty line before a request is enough (RFC 9112, 2.2)"
METHOD_CASE = "any token is a method, and methods are case-sensitive (RFC 9110, 9.1)"
TRACE = "TRACE is passed on; nginx never does"
CONNECT = "Fairlead is no forward proxy"
OPTIONS = "OPTIONS * is about the server itself (RFC 9110, 9.3.7) and passed on"
ASTERISK = "`*` is a target of OPTIONS only (RFC 9112, 3.2.4)"
EXPECT = "an expectation that we cannot meet is answered 417 (RFC 9110, 10.1.1)"
TARGET_BYTES = "a target is made of ASCII (RFC 3986, 2)"
FRAGMENT = "a target has no fragment (RFC 9112, 3.2)"
ABOVE_ROOT = "no honest client climbs above the root"
ESCAPE = "`%` stands before two hex digits (RFC 3986, 2.1)"
NUL = "an encoded NUL ends the path for some servers"
OVERLONG = "no UTF-8 (RFC 3629, 3): careless decoders see `..` in it"
SLASH = "some servers decode it before they look at the path; `path.encoded_slashes: keep` passes it on"
BACKSLASH = "some servers take it for a slash"
NORMAL = "routes and servers see one normal form of the path; nginx matches it and sends the original"

REASONS: dict[str, str] = {
    "Content-Length and Transfer-Encoding": BOTH_FRAMINGS,
    "Transfer-Encoding and Content-Length": BOTH_FRAMINGS,
    "two equal lengths": REPEATED_LENGTH,
    "a list of equal lengths": REPEATED_LENGTH,
    "Transfer-Encoding behind a folded line": FOLDING,
    "Transfer-Encoding on HTTP/1.0": ENCODING_1_0,
    "a chunk size with a space behind": CHUNK_SPACE,
    "a chunk line that ends in LF": CHUNK_LF,
    "chunk data followed by LF": CHUNK_LF,
    "a chunk extension with a bare LF": CHUNK_LF,
    "a chunk extension of 5,000 bytes": EXTENSIONS,
    "a trailer that is no field": TRAILER_FORM,
    "100 trailers": TRAILERS,
    "lines that end in LF": BARE_LF,
    "one line that ends in LF": BARE_LF,
    "a folded line": FOLDING,
    "NUL in a value": CONTROL,
    "a control byte in a value": CONTROL,
    "DEL in a value": CONTROL,
    "a line without a colon": FIELD_LINE,
    "a slash in a name": FIELD_LINE,
    "a byte above 127 in a name": FIELD_LINE,
    "two empty lines before the request": EMPTY_LINES,
    "no Host": HOST_ONCE,
    "an empty Host": HOST_EMPTY,
    "two equal Hosts": HOST_ONCE,
    "a Host with a user": HOST_FORM,
    "a Host with a path": HOST_FORM,
    "a Host with a space": HOST_FORM,
    "a Host with a bad port": HOST_FORM,
    "a Host with a comma": HOST_FORM,
    "an absolute target that agrees with Host": ABSOLUTE,
    "an absolute target that differs from Host": ABSOLUTE_DIFFERS,
    "an absolute target with a user": ABSOLUTE_USER,
    "HTTP/0.9": VERSION_0_9,
    "HTTP/1.2": VERSION,
    "HTTP/2.0": VERSION,
    "HTTP/1.10": VERSION_FORM,
    "two spaces before the target": LINE_SPACE,
    "two spaces before the version": LINE_SPACE,
    "a tab before the target": LINE_SPACE,
    "a fragment in the target": FRAGMENT,
    "a byte above 127 in the target": TARGET_BYTES,
    "the target *": OPTIONS,
    "the target * with GET": ASTERISK,
    "CONNECT": CONNECT,
    "a method in lower case": METHOD_CASE,
    "TRACE": TRACE,
    "dot segments": NORMAL,
    "dot segments above the root": ABOVE_ROOT,
    "encoded dot segments": NORMAL,
    "doubled slashes": NORMAL,
    "an encoded slash": SLASH,
    "an encoded NUL": NUL,
    "overlong dots": OVERLONG,
    "a bad escape": ESCAPE,
    "a backslash": BACKSLASH,
    "an encoded letter": NORMAL,
    "Expect: 200-maybe": EXPECT,
    "200 fields": FIELDS,
    "a field of 30,000 bytes": LARGE_FIELD,
    "`chunked_extension_lf`": CHUNK_LF,
    "`chunked_size_lf`": CHUNK_LF,
    "`chunked_size_space`": CHUNK_SPACE,
    "`chunked_trailer_bare_lf`": BARE_LF,
    "`chunked_trailer_folded`": FOLDING,
    "`connect`": CONNECT,
    "`get_absolute`": ABSOLUTE,
    "`get_absolute_differs`": ABSOLUTE_DIFFERS,
    "`get_absolute_query`": ABSOLUTE_NO_PATH,
    "`get_asterisk`": ASTERISK,
    "`get_bad_host`": HOST_FORM,
    "`get_fragment`": FRAGMENT,
    "`get_leading_lines`": EMPTY_LINES,
    "`get_no_host`": HOST_ONCE,
    "`http_1_2`": VERSION,
    "`many_fields`": FIELDS,
    "`options_asterisk`": OPTIONS,
    "`post_length_folded`": FOLDING,
    "`post_length_list`": REPEATED_LENGTH,
    "`post_length_repeated`": REPEATED_LENGTH,
    "`smuggle_cl_te`": BOTH_FRAMINGS,
    "`smuggle_request_line_spaces`": LINE_SPACE,
    "`smuggle_request_line_tab`": LINE_SPACE,
    "`smuggle_te_1_0`": ENCODING_1_0,
    "`smuggle_te_cl`": BOTH_FRAMINGS,
    "`smuggle_te_folded`": FOLDING,
    "`smuggle_te_lf`": BARE_LF,
    "`smuggle_te_tab`": TAB_IN_ENCODING,
}

INTRODUCTION = """\
<!-- Made by tests/differential/http1_against_proxies_test.py --write; a test checks it. -->
# Strictness

What Fairlead, nginx (1.22) and HAProxy (2.6) of Debian 12 make of odd requests, each with a plain configuration of a proxy. Of {cases}
requests, the three agree on {agreed}; below are all others. `refuses` says how: with a status, or by closing. Otherwise it says what
reached the server, with the size of the body.

Names like `get_fragment` are files of `tests/fuzz/corpus/http1`; the others are in `tests/differential/odd_requests.py`.

| Request | Fairlead | nginx | HAProxy | Why Fairlead does so |
| --- | --- | --- | --- | --- |
"""


def page(rows: dict[str, dict[str, str]], cases: int) -> str:
    lines = [f"| {case} | {row['Fairlead']} | {row['nginx']} | {row['HAProxy']} | {REASONS.get(case, '?')} |\n"
             for case, row in rows.items()]
    return INTRODUCTION.format(cases=cases, agreed=cases - len(rows)) + "".join(lines)
