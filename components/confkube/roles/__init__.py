"""What a cluster is made of; a role composes platform calls and names no cloud."""
