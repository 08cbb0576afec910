"""The one truth: rows, kept by SQLite. Everything goes through `bot.ports.Store`.

`open.open_store` is the way in; `memory.MemoryStore` keeps the same promises in a test.
"""
