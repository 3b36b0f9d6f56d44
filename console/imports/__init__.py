"""Staff's pages of imports: upload, preview, columns, progress, result, undo."""
