"""The AsyncAPI document of an app, and the page that shows it."""
