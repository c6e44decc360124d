"""How urlparse splits URLs: python3 test/cpython/record_url.py > test/cpython/url.json (CPython 3.11.4 or later)

Text around brackets (CVE-2025-0938) is refused since 3.11.12; before that the check is made here, in the same words.

Each case is [url, parts or null]; null where urlparse raises ValueError. The parts are scheme, netloc, path, params,
query, fragment, and of the netloc username, password, hostname and port; "" stands for None, and the port is
null where there is none and "invalid" where it raises ValueError.
"""

import ipaddress
import json
import random
import re
import sys
from urllib.parse import urlparse

assert sys.version_info >= (3, 11, 4)
random.seed(3986)

urls = [
    "http://user:pass@NetLoc:80/path;parameters?query=argument#fragment",
    "https://pangeoradar.ru/", "", "/", "//", "///", "//host", "//host/x", "host", "host:8080/x", "a:b", "http:", "http:/", "http://", "http:///",
    "http:///path", "http:path", "http:/path", "HTTP://EXAMPLE.COM/Path", "hTtP://ExAmPlE.CoM:8080", "ftp://ftp.example.org/a;type=i", "ws://host/p;x=1",
    "ws://host/p;x=1?q#f", "mailto:user@example.org?subject=a", "urn:isbn:0451450523", "data:text/plain;base64,SGk=#x", "tel:+1-201;ext=5", "sip:a@b;transport=tcp?x=y",
    "javascript:alert(1)//http://x/", "file:///etc/passwd", "file://host/share", "about:blank", "magnet:?xt=urn:btih:abc", "svn+ssh://h/p", "a+b-c.d://h", "1http://h", "-x://h",
    ":x", "://x", "http://h?q", "http://h#f", "http://h?q#f?g", "http://h#f?q", "http://h/p#", "http://h/p?", "http://h/p;", "http://h/p;;", "http://h/a;b/c;d", "http://h/a;b/c", "http://h;x/p", "http://h/;p",
    "http://h;p", "h;p", "/a;b", "/a;b/c", ";p", "?q;p", "#f;p", "http://h/p;a?b;c#d;e", "http://h?q=http://x/#f", "http://h\\x", "http://h\\@x/", "http://x@h", "http://x:@h", "http://:y@h", "http://@h", "http://:@h", "http://a@b@c",
    "http://a:b:c@d", "http://a:b@c:d@e:80", "http://u%40:p%3a@h%41.com/%41?%42#%43", "http://h:", "http://h:/", "http://h:0", "http://h:00080", "http://h:65535", "http://h:65536", "http://h:99999999999999999999", "http://h:-1", "http://h:+80", "http://h: 80",
    "http://h:80 ", "http://h:8_0", "http://h:\u0668\u0660", "http://h:80a", "http://h:a", "http://h:80:90", "http://:80", "http://:80/", "http://::1/", "http://[::1]", "http://[::1]:80", "http://[::1]:", "http://[::1]:x", "http://[::1]x:80", "http://[::1]80", "http://x[::1]:80", "http://evil.com[::1]/x", "http://[::1].evil.com/x", "http://[v1.x]y/", "http://u@x[::1]/", "http://[u]@v1.x/",
    "http://[::1", "http://::1]", "http://]::1[", "http://[]", "http://[]:80", "http://[", "http://]", "http://[[::1]]", "http://[::1]]", "http://[[::1]", "http://[1.2.3.4]", "http://[::ffff:1.2.3.4]", "http://[::1.2.3.4]:8080/x", "http://[fe80::1%eth0]/", "http://[fe80::1%25ETH0]:1/",
    "http://[FE80::1%ETH0]/", "http://[fe80::1%]/", "http://[fe80::1%a%b]/", "http://[v1.x]/", "http://[v1F.X:y]:5/", "http://[v.x]/", "http://[v1.]/", "http://[vg.x]/", "http://[V1.x]/", "http://[v1]/", "http://[host]/", "http://[::g]/", "http://[1:2]/", "http://[::1/]",
    "http://u[@h/", "http://u]@h/", "http://[u]@h/", "http://[::1]@h/", "http://[::1]@[::2]/", "http://u:[::1]@h:80/", "http://[::1]@h]/", "http://a]b[::1@x", "http://[::1]@[host]:80/", "//[::1]:8080/x", "[::1]:8080/x", "//u:p@[2001:DB8::1]:443/", "http://[0001::]/", "http://[ ::1]/", "http://[::1 ]/",
    " http://h/", "\t\n\rhttp://h/", "\x00\x1f http://h/", "\x7fhttp://h/", "\xa0http://h/", "http://h/ ", "http://h/\x00", "ht\ntp://h/", "ht\ttp\r://h\n:8\t0/", "http:\n//h", "http:/\t/h", "\n", " ", "\t \t", "http://h/a b", "http://h /", "http:// h/", "java\nscript:x", "h\x00t://x",
    "http://ex\u2100ample.com/", "http://a\uff0fb/", "http://a\uff1ab/", "http://a\uff20b/", "http://a\uff03b/", "http://a\uff1fb/", "http://a\u2047b", "http://a\u2a74b", "http://\ufe13", "http://\ufe16\ufe55\ufe56\ufe5f\ufe6b", "http://h/\uff0f", "http://h?\u2100", "//\u2105", "mailto:\u2100",
    "http://\u212a/", "http://BÜCHER.example/", "http://ПОЧТА.РФ:80/путь?з=1#я", "http://\u0130.example/", "http://ΑΣ.ΟΔΟΣ/", "http://\u00df.example", "http://faß%DE@ÄÖ/", "http://a\u0301b/", "http://\ufb01/", "http://😀.example/😀?😀#😀", "http://h/\ud800", "http://\udc00/",
    "C:\\Windows\\x", "c:/x", "localhost:8080", "1.2.3.4:80/x", "2001:db8::1", "user@host", "user:pass@host/x", "//user:pass@host/x", "?q", "#f", "/p?q#f", "//h?q#f", "a/b:c", "a?b:c", "a#b:c", "http&://h", "ht_tp://h", "é://h", "hé://h", "http\uff1a//h", "x://", "x://?", "x://#", "x:///;p", "x:;p",
    "rtsp://h/p;a", "rtsps://h/p;a", "sftp://h/p;a", "imap://h/p;a", "mms://h/p;a", "hdl:p;a", "prospero://h/p;a", "shttp://h/p;a", "rtspu://h/p;a", "sips:p;a", "gopher://h/p;a", "unknown://h/p;a", "HTTP:;a", "TEL:1;a", "__proto__://h/p;a", "constructor:x;y", "toString://h",
    "http://" + "a" * 3000 + "/", "a" * 3000, "http://h/" + ";" * 3000, "http://" + "@" * 3000, "http://" + "[" * 3000, "http://" + "[]" * 1500, "http://" + ":" * 3000, "/" * 3000, " " * 3000, "\n" * 3000 + "http://h", "http://h:" + "1" * 3000, "?" * 3000, "#" * 3000, "http://h:" + "0" * 3000 + "80",
    "\\\\host\\share", "http:\\\\host\\path", "//host:80", "///path", "////host/path", "http:////h", "http://h//p", "http://h/../a/./b", "http://h/%2e%2e/%2F", "http://%00/", "http://h%2Fx/", "http://h%3A80/", "http://h,x/", "http://a,b:1/", "http://*.x/", "http://-/", "http://_/", "http://./", "http://../", "http://h./",
    "http://1/", "http://0x7f.1/", "http://017700000001/", "http://1.2.3.4./", "http://1.2.3.04/", "view-source:http://h/", "blob:https://h/x", "jar:file:///a!/b", "ldap://h/o=x?y?z", "git@github.com:a/b.git", "ssh://git@h:22/a", "git+ssh://h", "postgres://u:p@h/db", "redis://:p@h:6379/0",
]

parts = ["http", "HTTPS", "ftp", "x", "ws", "mailto", ":", ":", "://", "//", "/", "/", "?", "#", ";", "@", "[", "]", "[::1]", "::1", "h", "Host.Example", "1.2.3.4", "80", "99999", "%41", "\t", "\n", " ", "\\", ".", "-", "é", "\uff0f", "\x00", "v1.x", "%", "a=b&c"]
for _ in range(900):
    urls.append("".join(random.choices(parts, k=random.randrange(2, 9))))
for _ in range(300):
    urls.append("http://" + "".join(random.choices(parts[6:], k=random.randrange(1, 7))))


def check_brackets(netloc):
    """What urlsplit does with a netloc that has brackets, as of 3.11.12."""
    if "[" not in netloc:
        return
    before, open_bracket, bracketed = netloc.rpartition("@")[2].partition("[")
    if open_bracket:
        host, _, port = bracketed.partition("]")
        if before or (port and not port.startswith(":")):
            raise ValueError("Invalid IPv6 URL")
    else:
        host = before.partition(":")[0]
    if host.startswith("v"):
        if not re.match(r"\Av[a-fA-F0-9]+\..+\Z", host):
            raise ValueError("IPvFuture address is invalid")
    elif isinstance(ipaddress.ip_address(host), ipaddress.IPv4Address):
        raise ValueError("An IPv4 address cannot be in brackets")


def split(url):
    try:
        result = urlparse(url)
        check_brackets(result.netloc)
    except ValueError:
        return None
    try:
        port = result.port
    except ValueError:
        port = "invalid"
    return [
        result.scheme, result.netloc, result.path, result.params, result.query, result.fragment,
        result.username or "", result.password or "", result.hostname or "", port,
    ]


cases = [[url, split(url)] for url in dict.fromkeys(urls)]
print("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]")
