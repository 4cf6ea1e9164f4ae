"""What bridges of Terraform providers share: the texts of Terraform's libraries and the habits of Pulumi's bridge.

It is no package of its own: the packages of such bridges use it. No cloud is known here.
"""
