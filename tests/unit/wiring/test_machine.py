"""Unit tests of `sluicegate.wiring.machine`."""

from pathlib import Path

import pytest

from sluicegate.wiring.machine import Machine

HOME = {"HOME": "/home/ada", "USERPROFILE": "/users/ada"}
XDG = {
    "XDG_CONFIG_HOME": "/xdg/config",
    "XDG_STATE_HOME": "/xdg/state",
    "XDG_CACHE_HOME": "/xdg/cache",
}
APPDATA = {"APPDATA": "/data/roaming", "LOCALAPPDATA": "/data/local"}


@pytest.mark.parametrize(
    ("platform", "environ", "config", "state", "cache"),
    [
        ("linux", {}, "/home/ada/.config/sluicegate",
         "/home/ada/.local/state/sluicegate", "/home/ada/.cache/sluicegate"),
        ("darwin", APPDATA, "/home/ada/.config/sluicegate",
         "/home/ada/.local/state/sluicegate", "/home/ada/.cache/sluicegate"),
        ("linux", XDG, "/xdg/config/sluicegate", "/xdg/state/sluicegate",
         "/xdg/cache/sluicegate"),
        ("darwin", XDG, "/xdg/config/sluicegate", "/xdg/state/sluicegate",
         "/xdg/cache/sluicegate"),
        ("win32", APPDATA, "/data/roaming/sluicegate", "/data/local/sluicegate/state",
         "/data/local/sluicegate/cache"),
        ("win32", XDG | APPDATA, "/xdg/config/sluicegate", "/xdg/state/sluicegate",
         "/xdg/cache/sluicegate"),
        ("win32", {}, "/users/ada/.config/sluicegate",
         "/users/ada/.local/state/sluicegate", "/users/ada/.cache/sluicegate"),
        ("linux", {"XDG_CONFIG_HOME": "relative"}, "/home/ada/.config/sluicegate",
         "/home/ada/.local/state/sluicegate", "/home/ada/.cache/sluicegate"),
    ],
)  # fmt: skip
def test_each_system_keeps_the_users_files_where_they_belong(
    platform: str, environ: dict[str, str], config: str, state: str, cache: str
) -> None:
    machine = Machine(HOME | environ, platform)

    assert machine.config_folder == Path(config)
    assert machine.state_folder == Path(state)
    assert machine.cache_folder == Path(cache)
    folders = {machine.config_folder, machine.state_folder, machine.cache_folder}
    assert len(folders) == 3
