"""What chains of one county know of each other: links, anchors, facts proven across."""
