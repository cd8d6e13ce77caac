package config

import (
	"errors"
	"net/url"
	"strings"

	"gonode/strategy"
	"gonode/strategy/exec"
	"gonode/strategy/file"
	"gonode/strategy/http"
)

func fileRecipe(env Env) recipe {
	s := &file.Strategy{Logger: env.Logger}
	return recipe{
		options: []option{
			path("path", &s.Path).of("Path", ""),
			one("interval", &s.Interval, period).of("Interval", "1s"),
		},
		done: func() (strategy.Strategy, error) { return s, s.Check() },
	}
}

func execRecipe(env Env) recipe {
	s := &exec.Strategy{Logger: env.Logger}
	return recipe{
		options: []option{
			command("command", &s.Command).of("Command", ""),
			one("interval", &s.Interval, period).of("Interval", "10s"),
			one("timeout", &s.Timeout, period).of("Timeout", "10s"),
			path("dir", &s.Dir).of("Dir", "that of gonode"),
			some("env", &s.Env, text).of("Env", "that of gonode").hidden(),
		},
		done: func() (strategy.Strategy, error) { return s, s.Check() },
	}
}

// command returns an option that is a program with its arguments.
func command(name string, p *[]string) option {
	return option{name: name, read: func(r *reader, key string, t *tree) {
		if t.form == scalar && strings.ContainsAny(t.text, " \t\n") {
			r.refuse(key, t, t.text, errors.New(`no shell reads it: want a list such as [consul-nodes, -tag, erlang]`))
			return
		}
		items := t.items
		if t.form == scalar {
			items = []*tree{t}
		}
		for _, item := range items {
			if word, ok := r.scalar(key, item); ok {
				*p = append(*p, word)
			}
		}
	}}
}

// masked makes an option one whose value is shown without the password of a URL.
func masked(o option) option {
	o.mask = func(text string) string {
		u, err := url.Parse(text)
		if err != nil {
			return "set"
		}
		return u.Redacted()
	}
	return o
}

func httpRecipe(env Env) recipe {
	s := &http.Strategy{Logger: env.Logger}
	return recipe{
		options: []option{
			masked(one("url", &s.URL, text).of("URL", "")),
			one("interval", &s.Interval, period).of("Interval", "10s"),
			one("timeout", &s.Timeout, period).of("Timeout", "10s"),
			path("token_file", &s.TokenFile).of("TokenFile", "none"),
			path("ca_file", &s.CAFile).of("CAFile", "those the system trusts"),
		},
		done: func() (strategy.Strategy, error) { return s, s.Check() },
	}
}
