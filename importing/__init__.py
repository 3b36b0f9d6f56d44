"""Imports: addresses of a campaign that began elsewhere, from a file to plays, and back.

What happens to a file, in order:

1. `console.imports` stores it in the database.
   `jobs` works on it, at once or in the delivery process.
2. `files` makes sheets and rows of its bytes, in a process of its own.
3. `reading` starts that process and finds the players' rows, `columns` their columns by `titles`.
4. `values` reads counts and dates; `people` makes one known address of all rows of a person.
5. `known_addresses` counts what would change; `console.imports` shows it, and asks what is open.
6. Once staff confirm, `known_addresses` writes it in batches. `undo` takes it back.
"""
