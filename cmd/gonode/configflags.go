package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"gonode/config"
)

// fromEnv is the annotation of a flag that bindEnv has set, with the name of the variable.
const fromEnv = "gonode_from_env"

// configFlags is the group of flags of all that read a configuration.
type configFlags struct {
	file       string
	strategies []string
	hosts      []string
	options    []string
	settings   []string
}

func (f *configFlags) add(fs *pflag.FlagSet) {
	fs.StringVarP(&f.file, "config", "f", "", "the `file` with the configuration, as docs/gonode.example.yaml")
	fs.StringSliceVar(&f.strategies, "strategy", nil, "how to find others (may be given several times): "+strings.Join(config.Strategies(), ", "))
	fs.StringSliceVar(&f.hosts, "hosts", nil, "for --strategy epmd: nodes, and hosts all of whose nodes are meant")
	addLines(fs, &f.options, "option", "O", "key=value",
		"an option of the strategy, as in the file (may be given several times); TOPOLOGY.KEY=VALUE if there are several")
	addLines(fs, &f.settings, "set", "", "key=value",
		"a value of the configuration, as in the file, with dots (may be given several times): engine.max_dials=4")
}

// addLines adds a flag that may be given several times, or once with several lines.
func addLines(fs *pflag.FlagSet, p *[]string, name, short, kind, usage string) {
	addValue(fs, p, func(text string) ([]string, error) {
		lines := slices.Clone(*p)
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); line == "" {
				continue
			}
			if !strings.Contains(line, "=") {
				return nil, errors.New("want KEY=VALUE")
			}
			lines = append(lines, line)
		}
		return lines, nil
	}, name, short, kind, "", usage)
}

// keyedFlags are the flags that are keys of the file, by the name of the key.
func keyedFlags() map[string]string {
	keys := make(map[string]string)
	for _, key := range []string{
		"name", "hidden", "listen", "cookie_file", "epmd", "epmd_port", "epmd_address", "tick_time", "prune", "min_members", "wait",
		"log_level", "log_format",
	} {
		keys[strings.ReplaceAll(key, "_", "-")] = key
	}
	return keys
}

// load reads the file, the variables and the flags of fs, and tells of what is probably a mistake. What is wrong it tells
// as well: the error is then one that the user was told of.
func (f *configFlags) load(a *app, fs *pflag.FlagSet) (*config.Config, error) {
	c, err := f.merge(a, fs)
	if wrong, ok := errors.AsType[config.Errors](err); ok {
		for _, e := range wrong {
			a.notef("%v", e)
		}
		return nil, &toldError{&usageError{err}}
	}
	if err != nil {
		return nil, err
	}
	for _, warning := range c.Warnings {
		a.notef("warning: %s", warning)
	}
	return c, nil
}

func (f *configFlags) merge(a *app, fs *pflag.FlagSet) (*config.Config, error) {
	var file *config.Layer
	var err error
	if f.file != "" {
		if file, err = config.Load(f.file); err != nil {
			return nil, err
		}
	}
	libcluster, err := config.FromEnv(a.lookupEnv)
	if err != nil {
		return nil, err
	}
	values, err := f.values(fs)
	if err != nil {
		return nil, err
	}
	flags, err := config.Given(values...)
	if err != nil {
		return nil, err
	}
	return config.Merge(file, libcluster, flags)
}

// values returns what the flags say: those from variables first, since what is given goes before them.
func (f *configFlags) values(fs *pflag.FlagSet) ([]config.Value, error) {
	var values []config.Value
	keys := keyedFlags()
	fs.Visit(func(flag *pflag.Flag) {
		if key, ok := keys[flag.Name]; ok {
			values = append(values, config.Value{Key: key, Text: flag.Value.String(), Origin: originOf(flag)})
		}
	})
	topologies, err := f.topologies(fs)
	if err != nil {
		return nil, err
	}
	values = append(values, topologies...)
	for _, line := range f.settings {
		key, text, _ := strings.Cut(line, "=")
		origin := originOf(fs.Lookup("set"))
		origin.Name += " " + key
		values = append(values, config.Value{Key: key, Text: text, YAML: true, Origin: origin})
	}
	slices.SortStableFunc(values, func(a, b config.Value) int { return rankOf(a.Origin) - rankOf(b.Origin) })
	return values, nil
}

// originOf returns what the user gave: the flag or its variable.
func originOf(flag *pflag.Flag) config.Origin {
	if env := flag.Annotations[fromEnv]; env != nil {
		return config.Origin{Name: env[0]}
	}
	return config.Origin{Name: "--" + flag.Name}
}

func rankOf(o config.Origin) int {
	if strings.HasPrefix(o.Name, "--") {
		return 1
	}
	return 0
}

// topologies returns what --strategy, --hosts and --option say: a topology for each strategy, which is called what it is.
func (f *configFlags) topologies(fs *pflag.FlagSet) ([]config.Value, error) {
	var values []config.Value
	var names []string
	origin := originOf(fs.Lookup("strategy"))
	for _, text := range f.strategies {
		name, err := config.FindStrategy(text)
		if err != nil {
			return nil, usagef("%s is %q: %w", origin.Name, text, err)
		}
		if slices.Contains(names, name) {
			return nil, usagef("%s %s is given twice", origin.Name, name)
		}
		names = append(names, name)
		values = append(values, config.Value{Key: "topologies." + name + ".strategy", Text: name, Origin: origin})
	}
	if len(f.hosts) > 0 {
		origin := originOf(fs.Lookup("hosts"))
		if !slices.Contains(names, "epmd") {
			return nil, usagef("%s is of no use without --strategy epmd", origin.Name)
		}
		values = append(values, config.Value{Key: "topologies.epmd.hosts", Text: strings.Join(f.hosts, ","), Origin: origin})
	}
	for _, line := range f.options {
		key, text, _ := strings.Cut(line, "=")
		origin := originOf(fs.Lookup("option"))
		origin.Name += " " + key
		if !strings.Contains(key, ".") {
			if len(names) != 1 {
				return nil, usagef("%s: %s", origin.Name, whichTopology(names, key))
			}
			key = names[0] + "." + key
		}
		values = append(values, config.Value{Key: "topologies." + key, Text: text, YAML: true, Origin: origin})
	}
	return values, nil
}

func whichTopology(names []string, key string) string {
	if len(names) == 0 {
		return fmt.Sprintf("of which topology? Give --strategy, or TOPOLOGY.%s for one of the file", key)
	}
	return fmt.Sprintf("of which topology? Write %s.%s", names[0], key)
}
