"""REST: what a member's officers can do, over HTTP, with the same routes for every member."""
