"""The lab image: a Debian root with everything that boot text would install, built once and cached."""
