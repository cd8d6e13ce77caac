package main

import (
	"fmt"
	"log/slog"
	"net"
	"strings"

	"github.com/spf13/pflag"

	"gonode/epmd"
)

// logFlags is the group of flags of all that run a node.
type logFlags struct{ level, format string }

func (f *logFlags) add(fs *pflag.FlagSet, level string) {
	addChoice(fs, &f.level, "log-level", "", level, "least that is logged, on standard error",
		"debug", "info", "warn", "error", "off")
	addChoice(fs, &f.format, "log-format", "", "text", "form of the log", "text", "json")
}

// logger returns the logger that the flags ask for, nil for none.
func (f *logFlags) logger(a *app) *slog.Logger {
	if f.level == "off" {
		return nil
	}
	var level slog.Level
	_ = level.UnmarshalText([]byte(f.level)) // the flag has taken none but these words
	opts := &slog.HandlerOptions{Level: level}
	if f.format == "json" {
		return slog.New(slog.NewJSONHandler(a.stderr, opts))
	}
	return slog.New(slog.NewTextHandler(a.stderr, opts))
}

// portFlags is the group of flags of all that ask epmd.
type portFlags struct{ port int }

func (f *portFlags) add(fs *pflag.FlagSet) {
	addValue(fs, &f.port, parsePort, "epmd-port", "", "port", "", "port of epmd (default ERL_EPMD_PORT, or 4369)")
}

// get returns the port to use.
func (f *portFlags) get(a *app) (int, error) {
	if f.port != 0 {
		return f.port, nil
	}
	port, err := a.erlPort()
	if port == 0 {
		port = epmd.DefaultPort
	}
	return port, err
}

// epmdFlags is the group of flags of a node that wants to be found through epmd.
type epmdFlags struct {
	mode      epmd.Mode
	addresses []string
	portFlags
}

func (f *epmdFlags) add(fs *pflag.FlagSet) {
	f.portFlags.add(fs)
	addValue(fs, &f.mode, parseMode, "epmd", "", "mode", "auto",
		"auto: use the epmd of this host and stand in for it if there is none; external: use it; embedded: be it; none: do without")
	addValue(fs, &f.addresses, parseAddresses, "epmd-address", "", "ip,...", "",
		"addresses to stand in for epmd on (default ERL_EPMD_ADDRESS, or loopback only)")
}

func parseMode(s string) (epmd.Mode, error) {
	mode, err := epmd.ParseMode(s)
	if err != nil || s == "" {
		return 0, fmt.Errorf("want auto, external, embedded, none")
	}
	return mode, nil
}

// parseAddresses reads IP addresses with commas between them.
func parseAddresses(s string) ([]string, error) {
	var addresses []string
	for word := range strings.SplitSeq(s, ",") {
		word = strings.TrimSpace(word)
		if net.ParseIP(word) == nil {
			return nil, fmt.Errorf("%q is no IP address; want some with commas between them, such as 0.0.0.0", word)
		}
		addresses = append(addresses, word)
	}
	return addresses, nil
}

// listenOn returns the addresses to stand in for epmd on.
func (f *epmdFlags) listenOn(a *app) ([]string, error) {
	if len(f.addresses) > 0 {
		return f.addresses, nil
	}
	value, _ := a.lookupEnv("ERL_EPMD_ADDRESS")
	if value == "" {
		return nil, nil
	}
	addresses, err := parseAddresses(value)
	if err != nil {
		return nil, usagef("ERL_EPMD_ADDRESS is %q: %w", value, err)
	}
	return addresses, nil
}
