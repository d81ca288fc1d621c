"""The settings file that `balie init` writes: an invented town that works as it is."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from balie.settings import MASTER_KEY_NAME, TOKEN_NAME, Settings, load

DATA = ".balie"

TEXT = f'''\
# The settings of Balie. Paths are relative to this file. A line that begins with one # and a
# space shows a default, one with more spaces an example.
#
# Any key can be set by an environment variable as well, which then wins: BALIE_LOG__KIND=kafka sets kind of [log].
# Secrets never stand here. They are in a file of their own, which a key that ends in _file names, or in the
# environment variable that sets the key.

# Everything Balie keeps on this machine lies in this folder.
data = "{DATA}"

[log]
# Where answers wait for the pipeline: sqlite needs no server; kafka is for several machines.
kind = "sqlite"
# folder = "{DATA}/log"

# With kind = "kafka":
# bootstrap = ["127.0.0.1:9092"]
# topic_prefix = ""                  # before each topic's name, on a broker that others use as well
# partitions = 6
# security = "plaintext"             # ssl, sasl_plaintext, sasl_ssl
#   ca_file = "secrets/kafka-ca.pem"
# sasl_mechanism = "SCRAM-SHA-512"   # PLAIN, SCRAM-SHA-256
#   username = "balie"
#   password_file = "secrets/kafka-password"

[warehouse]
# Where analysts report: embedded is ClickHouse on this machine (chDB), without users; server is a ClickHouse server.
kind = "embedded"
# url = "http://127.0.0.1:8124/balie"
# folder = "{DATA}/warehouse"
# token_file = "{DATA}/{TOKEN_NAME}"   # what the embedded one asks for

# With kind = "server":
#   url = "https://balie@clickhouse.example.org:8443/balie"   # user@host:port/database
#   token_file = "secrets/clickhouse-password"

[state]
# Hash keys (wrapped by the master key), conversations that are still open, discarded failures.
# folder = "{DATA}/state"

[keys]
# Back it up, but never beside the state: together they open what was hashed. BALIE_MASTER_KEY may hold it instead.
# master_key_file = "{DATA}/{MASTER_KEY_NAME}"

[collector]
# The front door. Providers post to /v1/<town>/<source>.
# host = "127.0.0.1"
# port = 8400
#   public_url = "https://feedback.example.org"   # where the request itself does not tell what the provider called
# trusted_proxies = []               # networks whose X-Forwarded-* headers are believed
# body_limit = 1048576               # bytes of a request, unpacked
# rate = 200.0                       # requests a second of one source; more gets 429
# burst = 1000.0                     # requests of one source at once
# spool_folder = "{DATA}/spool"     # what is kept while the log is down
# spool_limit = 1073741824           # bytes; when it is full the answer is 507

# One section a town. The name in the brackets is its id: opaque, and never changed, even when the town is renamed.
[towns.voorbeeldstad]
name = "Gemeente Voorbeeldstad"
region = "NL"                        # NL, GB, PL, NO, FI: how telephone numbers are read
time_zone = "Europe/Amsterdam"       # of times that do not say
#   case_numbers = ['VBS-\\d{{4}}-\\d{{6}}']   # regular expressions, beside the built-in ones
#   keep_words = ["Willem de Zwijgerlaan"]   # never taken for personal data
# scrub_words = []                   # always taken for personal data
#   page_parameters = ["onderwerp"]    # parameters of a page's URL that are kept; the others are cut off

# One section a source: a provider's account, at /v1/<town>/<source>. `balie connectors list` shows the connectors, and
# `balie connectors show NAME` which settings each takes. This one is a public web page.
[towns.voorbeeldstad.sources.website]
connector = "form"
#   channel = "counter"              # only where the connector's own is not the right one
#   language = "nl"                  # of answers that do not say
public = true

# A source that is asked, or one whose exports are files in a folder:
#   [towns.voorbeeldstad.sources.exports]
#   connector = "govmetric"
#   every = 300                        # seconds between two looks
#   [towns.voorbeeldstad.sources.exports.files]
#   folder = "exports"                 # or [….files.sftp] with host, user, host_key, folder, key_file or password_file
#   pattern = "*.csv"
#   remove = false                     # whether a file goes once its answers are durable
'''


def write(path: Path) -> list[Path]:
    """Write the settings file, the master key and the warehouse's token; the files made, the settings first.

    FileExistsError where the settings file is there; keys and tokens that are there are kept.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _create(path, TEXT, 0o644)
    return [path, *write_keys(load(path, environment={}))]


def write_keys(settings: Settings) -> list[Path]:
    """Write the master key and the token of the embedded warehouse where the settings look for them.

    What is there is kept; and beside a state that is there no new master key is made, since it would open nothing.
    """
    from storage.state.master_key import create_master_key

    written = []
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    key, token = settings.keys.master_key_file, settings.warehouse.token_file
    if not key.exists() and not settings.state.folder.exists():
        create_master_key(key)
        written.append(key)
    if settings.warehouse.kind == "embedded" and token is not None and not token.exists():
        _create(token, secrets.token_urlsafe(32) + "\n", 0o600)
        written.append(token)
    return written


def _create(path: Path, text: str, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode), "w", encoding="utf-8") as file:
        file.write(text)
