"""What people look at: figures, pages, model cards and the folders that hold them."""
