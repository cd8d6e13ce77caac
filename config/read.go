package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	match "path"
	"slices"
	"strconv"
	"strings"
	"time"

	"gonode/dist"
)

// What a value may be. The errors say what would do; the caller says what there was.

func text(s string) (string, error) {
	if s == "" {
		return "", errors.New("want some text")
	}
	return s, nil
}

func period(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return 0, errors.New("want a time above zero with its unit, such as 500ms, 10s or 2m")
	}
	return d, nil
}

// periodOr reads a period or one word, which stands for a certain value.
func periodOr(word string, value time.Duration) func(string) (time.Duration, error) {
	return func(s string) (time.Duration, error) {
		if s == word {
			return value, nil
		}
		d, err := period(s)
		if err != nil {
			err = fmt.Errorf("%w, or %s", err, word)
		}
		return d, err
	}
}

func truth(s string) (bool, error) {
	switch s {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, errors.New("want true or false")
}

func untruth(s string) (bool, error) {
	v, err := truth(s)
	return !v, err
}

func port(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > 65535 {
		return 0, errors.New("want a port number, 1 to 65535")
	}
	return n, nil
}

// from reads a whole number of at least least and at most most.
func from(least, most int) func(string) (int, error) {
	return func(s string) (int, error) {
		n, err := strconv.Atoi(s)
		if err != nil || n < least || n > most {
			return 0, fmt.Errorf("want a whole number, %d to %d", least, most)
		}
		return n, nil
	}
}

// maxCount bounds numbers that have no bound of their own.
const maxCount = 1_000_000_000

func count(s string) (int, error) { return from(1, maxCount)(s) }

// size reads a number of bytes: 65536, 64KiB, 1MiB.
func size(s string) (int, error) {
	number, unit := strings.TrimRight(s, "KMGiB"), 1
	switch strings.TrimPrefix(s, number) {
	case "", "B":
	case "KiB":
		unit = 1 << 10
	case "MiB":
		unit = 1 << 20
	case "GiB":
		unit = 1 << 30
	default:
		unit = 0
	}
	n, err := strconv.Atoi(number)
	if err != nil || unit == 0 || n < 1 || n > maxCount/unit {
		return 0, errors.New("want a number of bytes below 1 GB, such as 65536, 64KiB or 1MiB")
	}
	return n * unit, nil
}

// part reads what part of the answers before makes one suspect.
func part(s string) (float64, error) {
	if s == "never" {
		return -1, nil
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || !(v > 0 && v <= 1) {
		return 0, errors.New("want a number above 0, at most 1, such as 0.5, or never")
	}
	return v, nil
}

func word(words ...string) func(string) (string, error) {
	return func(s string) (string, error) {
		if !slices.Contains(words, s) {
			near := ""
			if like := nearest(s, words); like != "" {
				near = ": did you mean " + like + "?"
			}
			return "", fmt.Errorf("want one of %s%s", strings.Join(words, ", "), near)
		}
		return s, nil
	}
}

// kindOf reads one of some words of a type of their own.
func kindOf[T ~string](words ...T) func(string) (T, error) {
	plain := make([]string, len(words))
	for i, w := range words {
		plain[i] = string(w)
	}
	return func(s string) (T, error) {
		v, err := word(plain...)(s)
		return T(v), err
	}
}

func nodeName(s string) (string, error) {
	_, _, err := dist.ParseName(s)
	return s, err
}

func listenAddress(s string) (string, error) {
	if _, _, err := net.SplitHostPort(s); err != nil {
		return "", errors.New("want host:port or host:first-last, such as 127.0.0.1:0 or :9100-9105")
	}
	return s, nil
}

func ip(s string) (string, error) {
	if net.ParseIP(s) == nil {
		return "", errors.New("want an IP address, such as 0.0.0.0")
	}
	return s, nil
}

// pattern reads a pattern of package path.
func pattern(s string) (string, error) {
	if _, err := match.Match(s, ""); err != nil || s == "" {
		return "", errors.New("want a pattern, such as ops@* or math:*")
	}
	return s, nil
}

func address(s string) (netip.Addr, error) {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return a, errors.New("want an IP address")
	}
	return a, nil
}
