"""How urllib.parse.unquote decodes: python3 test/cpython/record_url_decode.py > test/cpython/url-decode.json

Each case is [text, decoded text]. CPython 3.11.
"""

import json
import random
from urllib.parse import unquote

random.seed(3986)

texts = [
    "", "a", "%", "%%", "%2", "%zz", "%2g", "%g2", "%41", "%61b%63", "%c3%a9", "%C3%A9", "%c3", "%c3%28", "%c3x%a9", "%e2%82%ac", "%e2%82", "%e2%82%e2%82%ac",
    "%f0%9f%98%80", "%f0%9f%98", "%ff", "%ff%fe", "%80", "%c0%80", "%ed%a0%80", "%f4%90%80%80", "%00", "%0a", "%0d%0a", "%7c", "%25", "%2541", "%25%34%31", "a+b", "a%2Bb",
    "http%3A%2F%2Fexample.com%2F%3Fq%3Da%20b", "http://example.com/%D0%BF%D1%80%D0%B8", "пример%20рф", "%d0п%bf", "é%C3", "😀%F0%9F%98%80", "%%41", "%4%31", "%EF%BB%BFx", "%" * 50, "%41" * 50,
]
pieces = ["%", "%4", "%41", "%c3", "%a9", "%e2", "%82", "%ac", "%f0", "%9f", "%98", "%80", "%ed", "%a0", "%ff", "%G1", "a", "é", "п", "😀", "+", "/", "%25", "%7C"]
for _ in range(400):
    texts.append("".join(random.choice(pieces) for _ in range(random.randint(1, 12))))

print("[")
print(",\n".join(json.dumps([text, unquote(text)]) for text in texts))
print("]")
