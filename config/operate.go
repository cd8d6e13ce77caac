package config

import (
	"time"

	"gonode/admin"
	"gonode/hooks"
)

// HTTP is how a running node answers those who look after it; see package admin. Without addresses it does not.
type HTTP struct {
	Listen       []string
	PingInterval time.Duration // between measures of the round trip to each member; 0 means admin.DefaultPingInterval
}

// Hooks are what is run, or posted to, for events; see package hooks.
type Hooks struct {
	Run         []hooks.Hook
	Timeout     time.Duration // of each; 0 means hooks.DefaultTimeout
	Concurrency int           // how many of one hook may run at once; 0 means 1, which keeps the order
	SecretFile  string        // with the key to sign what is posted with
}

func httpOptions(h *HTTP) []option {
	return []option{
		some("listen", &h.Listen, httpAddress).or("off"),
		one("ping_interval", &h.PingInterval, period).or("15s"),
	}
}

func hookOptions(h *Hooks) []option {
	return []option{
		some("run", &h.Run, hooks.Parse).or("none"),
		one("timeout", &h.Timeout, period).or("10s"),
		one("concurrency", &h.Concurrency, count).or("1"),
		path("secret_file", &h.SecretFile).or("none"),
	}
}

func httpAddress(s string) (string, error) { return s, admin.CheckListen(s) }
