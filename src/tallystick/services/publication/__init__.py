"""What departments, village and newspaper say in public."""
