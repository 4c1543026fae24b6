-- Whether the registry's tables carry serials: 'ready', 'legacy' or 'migrating'. Locks: none.
SELECT serial.registry_state() AS state
