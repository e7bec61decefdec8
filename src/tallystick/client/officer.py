"""Log-in, one's own account and the accounts of a member's officers over the API."""

from __future__ import annotations

from typing import Any

from tallystick.client.carrying import Carrier, Tree

__all__ = ["OfficerVerbs"]


class OfficerVerbs(Carrier):
    """Verbs of sessions and accounts."""

    def log_in(self, name: str, password: str) -> Tree:
        """Open a session and ask by its token from now on.

        Raises:
            Denied: `access.login`, not right; `access.locked`.
            Unavailable: `api.rate`, too many tries from this address.
        """
        return self._carry_on(self._send("/sessions", {"name": name, "password": password}))

    def show_me(self) -> Tree:
        """Return who asks, with the acts of the role."""
        found: Tree = self._get("/me")
        return found

    def log_out(self) -> Tree:
        """End this session."""
        return self._send("/sessions", method="DELETE")

    def change_password(self, old: str, new: str) -> Tree:
        """Set one's own password; the session goes on under another token.

        Raises:
            Denied: `access.login`, the old one is not right; `access.locked`.
            Invalid: `access.password`, `access.same_password`.
        """
        return self._carry_on(self._send("/password", {"old": old, "new": new}))

    def _carry_on(self, opened: Tree) -> Tree:
        self.use_token(opened["token"])
        return opened

    def list_users(self) -> list[Any]:
        """Return all accounts of this member by log-in name."""
        found: list[Any] = self._get("/users")["items"]
        return found

    def add_user(self, name: str, *, shown: str, role: str) -> Tree:
        """Make an account; its one-time password is told once."""
        return self._send("/users", {"name": name, "shown": shown, "role": role})

    def disable_user(self, name: str) -> Tree:
        """Close an account and end its sessions."""
        return self._send(f"/users/{name}/disable")

    def enable_user(self, name: str) -> Tree:
        """Open an account again and lift its lock."""
        return self._send(f"/users/{name}/enable")

    def reset_user(self, name: str) -> Tree:
        """Give an account a one-time password, which is told once, and end its sessions."""
        return self._send(f"/users/{name}/reset")

    def change_role(self, name: str, role: str) -> Tree:
        """Give an account another role and end its sessions."""
        return self._send(f"/users/{name}/role", {"role": role})
