// Package sdnotify tells systemd how a service is: ready, reloading, stopping, alive (sd_notify(3), Type=notify and
// Type=notify-reload). Outside of systemd it does nothing.
package sdnotify
