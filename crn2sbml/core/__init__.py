"""What everybody speaks: networks, their sparse matrices, exact lumping, units and labelled results."""
