"""A whole JupyterHub in one scratch folder, with no users of the system, for test_jupyterhub.py."""

import json
import os
import sys
from pathlib import Path

c = get_config()  # noqa: F821
scratch = Path(os.environ["HUB_SCRATCH"])
asked = json.loads((scratch / "asked.json").read_text("utf-8"))
hub, proxy, public = asked["ports"]

c.JupyterHub.bind_url = f"http://127.0.0.1:{public}"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{hub}"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{proxy}"
c.ConfigurableHTTPProxy.command = [
    str(Path(sys.prefix, "node_modules", ".bin", "configurable-http-proxy"))
]
c.JupyterHub.authenticator_class = "dummy"
c.JupyterHub.services = [{"name": "teacher", "api_token": asked["token"]}]
c.JupyterHub.load_roles = [
    {"name": "teacher", "services": ["teacher"], "scopes": ["admin:users", "tokens"]},
]

# Each learner has a home of their own, as on a real hub, though not a user.
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = str(scratch / "homes" / "{username}")
c.Spawner.cmd = [str(Path(sys.executable).with_name("jupyterhub-singleuser"))]
c.Spawner.notebook_dir = "~"
c.Spawner.args = ["--allow-root"] if os.geteuid() == 0 else []
c.Spawner.environment = {"TMPDIR": str(scratch / "tmp")}
c.Spawner.start_timeout = c.Spawner.http_timeout = 300
