"""What jobs/nginx.toml does, as pyinfra does it: for the comparison of bench/run.

The data that bench/run gives: app_user; page, site and listen, the files to put there; and
answers, a command that looks whether the page is served.
"""

from pyinfra import host
from pyinfra.facts.files import File
from pyinfra.operations import apt, files, server, systemd

user = host.data.app_user
folder, page = "/var/www/default", "/var/www/default/index.html"

# `update` counts for both; apt's lists are left alone if they are younger than this.
apt.packages(
    name="Prepare the system",
    packages=["ca-certificates"],
    update=True,
    cache_time=3600,
    no_recommends=True,
)
apt.packages(
    name="Remove conflicting web servers",
    packages=["apache2", "lighttpd"],
    present=False,
    extra_uninstall_args="--purge",
)
nginx = apt.packages(name="Install Nginx", packages=["nginx"], no_recommends=True)
listen = files.put(
    name="Listen on IPv6",
    src=host.data.listen,
    dest="/etc/nginx/snippets/listen-ipv6.conf",
    create_remote_dir=False,
)
systemd.service(name="Enable Nginx", service="nginx", running=True, enabled=True)
server.user(name="User that owns the sites", user=user, shell="/bin/bash", create_home=True)
directory = files.directory(name="Default site", path=folder, user=user, group=user, mode="755")
# A page that is there is somebody's work: only owner and mode are seen to.
if host.get_fact(File, path=page) is None:
    index = files.put(
        name="First page", src=host.data.page, dest=page, user=user, group=user, mode="644"
    )
else:
    index = files.file(name="First page", path=page, user=user, group=user, mode="644")
link = files.link(
    name="Enable the default site",
    path="/etc/nginx/sites-enabled/default",
    target="/etc/nginx/sites-available/default",
)
site = files.put(
    name="Configure Nginx",
    src=host.data.site,
    dest="/etc/nginx/sites-available/default",
    user="root",
    group="root",
    mode="644",
)
server.shell(name="Verify the configuration", commands=["nginx -t -q"])
systemd.service(
    name="Reload Nginx",
    service="nginx",
    reloaded=True,
    _if=lambda: any(part.did_change() for part in (nginx, listen, index, link, site)),
)
server.shell(name="Verify that the site answers", commands=[host.data.answers])
