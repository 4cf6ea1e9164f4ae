"""What exists in Azure without anybody making it: regions, sizes, images, roles."""
