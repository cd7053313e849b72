"""Getting a small file over HTTP. What it holds is believed by its signature alone."""

import requests
from requests.exceptions import RequestException, SSLError, Timeout
from requests.utils import get_environ_proxies

from sluicegate.errors import PermanentError, TransientError

_TIMEOUT = (10, 30)  # seconds to connect, and between two bytes
_PART_BYTES = 16 * 1024
_OK = 200
_SERVER_ERROR = 500


def download(url: str, ca_bundle: str | None, *, max_bytes: int) -> bytes:
    """Get *url*, which is to hold at most *max_bytes*.

    *ca_bundle* is the file of CA certificates to trust, None for the usual ones.

    Raises:
        TransientError: it cannot be reached, or not now.
        PermanentError: there is no such file, or it is too long.
    """
    session = requests.Session()
    session.trust_env = False  # or it would add what is in ~/.netrc
    session.verify = ca_bundle or True
    try:
        with session.get(
            url, timeout=_TIMEOUT, proxies=get_environ_proxies(url), stream=True
        ) as response:
            if response.status_code >= _SERVER_ERROR:
                raise TransientError(f"it answered HTTP {response.status_code}")
            if response.status_code != _OK:
                raise PermanentError(f"it answered HTTP {response.status_code}")
            data = bytearray()
            for part in response.iter_content(_PART_BYTES):
                data += part
                if len(data) > max_bytes:
                    raise PermanentError(f"it is longer than {max_bytes} bytes")
            return bytes(data)
    except SSLError as error:
        raise PermanentError("no trusted TLS connection to it is possible") from error
    except Timeout as error:
        raise TransientError("no answer in time") from error
    except (RequestException, OSError) as error:
        raise TransientError("it cannot be reached") from error
    except ValueError as error:
        raise PermanentError("its answer is not HTTP") from error
