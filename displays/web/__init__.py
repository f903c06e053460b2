"""The hall's pages: one more MQTT client, never inside the hub."""
