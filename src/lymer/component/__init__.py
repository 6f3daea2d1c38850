"""What a plugin is: lifecycle, registry, configuration, errors, events, clock."""
