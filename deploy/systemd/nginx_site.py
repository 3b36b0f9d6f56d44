"""Write nginx's configuration for a machine without Docker, from the image's template and .env.

.venv/bin/python deploy/systemd/nginx_site.py /etc/nginx
"""

import os
import subprocess
import sys
from pathlib import Path

from dotenv import dotenv_values

SOURCES = Path(__file__).resolve().parent.parent.parent / "nginx"
OLD_HTTP2 = (1, 25, 1)  # before, http2 is a word of `listen`


def run(*command: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - both commands are this file's own
        command, env=environment, cwd=SOURCES, check=False, capture_output=True, text=True
    )


def variables(given: dict[str, str]) -> dict[str, str]:
    """Return the template's variables, as the image's own script makes them."""
    given.setdefault("WEB", given.get("BIND") or "127.0.0.1:8000")
    given["TLS"] = "1" if given.get("TLS_CERTIFICATE") else "0"
    script = "set -e; . ./19-variables.envsh; env -0"
    result = run("sh", "-c", script, environment=given)
    if result.returncode:
        sys.exit(result.stderr.strip())
    return dict(line.split("=", 1) for line in result.stdout.split("\0") if line)


def differences(given: dict[str, str], folder: Path) -> dict[str, str]:
    """Return what differs from the image: its words, and those for this machine."""
    bind = given.get("HTTP_BIND") or "127.0.0.1"
    http, https = given.get("HTTP_PORT") or "80", given.get("HTTPS_PORT") or "443"
    with_ipv6 = bind == "0.0.0.0"  # noqa: S104 - every address of the machine
    here = {
        "listen [::]:8080 default_server;": f"listen [::]:{http} default_server;",
        "listen [::]:8443 ssl default_server;": f"listen [::]:{https} ssl default_server;",
    }
    here = here if with_ipv6 else dict.fromkeys(here, "")
    here |= {
        "listen 8080": f"listen {bind}:{http}",
        "listen 8443 ssl": f"listen {bind}:{https} ssl",
        "/etc/nginx/esp_mail": str(folder / "esp_mail"),
        "/dev/stdout": "/var/log/nginx/esp_mail.log",
        "/dev/stderr": "/var/log/nginx/esp_mail_error.log",
        "/run/tls/certificate.pem": given.get("TLS_CERTIFICATE", ""),
        "/run/tls/key.pem": given.get("TLS_CERTIFICATE_KEY", ""),
    }
    version = run("nginx", "-v", environment=given).stderr.rpartition("/")[2].split()[0]
    if tuple(map(int, version.split("."))) < OLD_HTTP2:
        here |= {" ssl default_server;": " ssl http2 default_server;", "http2 on;": ""}
    return here


def main(folder: Path) -> None:
    own = {name: value for name, value in dotenv_values(".env", interpolate=False).items() if value}
    given = dict(os.environ) | own
    filled = {f"${{{name}}}": value for name, value in variables(given).items()}
    for name in ("conf.d", "esp_mail"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    targets = {SOURCES / "default.conf.template": folder / "conf.d" / "esp_mail.conf"}
    for name in ("headers.conf", "own.conf", "refusal.conf", "https.conf"):
        targets[SOURCES / name] = folder / "esp_mail" / name
    for source, target in targets.items():
        text = source.read_text("utf-8")
        for words, here in (filled | differences(given, folder)).items():
            text = text.replace(words, here)
        target.write_text(text, "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
