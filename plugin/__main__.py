"""The component package for other Pulumi languages; a project file in the same folder would shut it out."""

from confkube.__main__ import main

main()
