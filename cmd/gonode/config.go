package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"gonode/cmd/gonode/internal/output"
	"gonode/config"
	"gonode/strategy"
	"gonode/strategy/kubernetes"
)

func (a *app) configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "config",
		Short:   "Check and show the configuration of a node",
		Long:    "Config reads the configuration as run does, from a file, variables and flags, and starts nothing.",
		Example: "  gonode config check -f /etc/gonode.yaml\n  gonode config show\n  gonode config rbac -f /etc/gonode.yaml",
		Args:    a.noCommand,
		RunE:    func(*cobra.Command, []string) error { return usagef("no command given") },
	}
	cmd.AddCommand(a.configCheckCommand(), a.configShowCommand(), a.configRBACCommand())
	return cmd
}

func (a *app) configCheckCommand() *cobra.Command {
	f := &nodeFlags{}
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Say what is wrong with a configuration",
		Long: "Check says everything that is wrong with the configuration, each with its line, variable or flag, and what would\n" +
			"do. It reads the files with secrets, and asks no other host anything. It prints nothing if all is well.",
		Example: "  gonode config check -f /etc/gonode.yaml",
		Args:    takes("argument", 0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := f.config.load(a, cmd.Flags())
			return err
		},
	}
	f.add(cmd.Flags())
	return cmd
}

// settingLine is a value in the output of config show.
type settingLine struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Origin string `json:"origin"` // file:line:column, variable, flag, or default
	Secret bool   `json:"secret,omitempty"`
}

func settingView() output.View[settingLine] {
	return output.View[settingLine]{
		Kind: "settings",
		Columns: []output.Column[settingLine]{
			{Head: "KEY", Cell: func(s settingLine) string { return s.Key }},
			{Head: "VALUE", Cell: func(s settingLine) string { return s.Value }},
			{Head: "FROM", Cell: func(s settingLine) string { return s.Origin }},
		},
		Name: func(s settingLine) string { return s.Key },
	}
}

func (a *app) configShowCommand() *cobra.Command {
	f, out := &nodeFlags{}, &outputFlags{}
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Show what is in force and where it comes from",
		Long: "Show prints every key with its value and where that is from: line and column of the file, a variable, a flag, or\n" +
			"the default. Of a secret it tells only whether it is set.",
		Example: "  gonode config show -f /etc/gonode.yaml\n  LIBCLUSTER_STRATEGY=Cluster.Strategy.Gossip gonode config show -o json",
		Args:    takes("argument", 0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.config.load(a, cmd.Flags())
			if err != nil {
				return err
			}
			var lines []settingLine
			for _, s := range withCookie(cmd.Flags(), c.Settings()) {
				lines = append(lines, settingLine{s.Key, s.Value, s.Origin.String(), s.Secret})
			}
			return settingView().List(out.printer(a), lines)
		},
	}
	f.add(cmd.Flags())
	out.add(cmd.Flags())
	return cmd
}

// withCookie adds the cookie, which is no key of the file, if it was given.
func withCookie(fs *pflag.FlagSet, settings []config.Setting) []config.Setting {
	flag := fs.Lookup("cookie")
	if !flag.Changed {
		return settings
	}
	return append(settings, config.Setting{Key: "cookie", Value: "set", Origin: originOf(flag), Secret: true})
}

// rbacFlags is what config rbac can be told.
type rbacFlags struct {
	config             configFlags
	namespace, account string
}

func (a *app) configRBACCommand() *cobra.Command {
	f := &rbacFlags{}
	cmd := &cobra.Command{
		Use:   "rbac",
		Short: "Print the Role that strategy kubernetes needs",
		Long: "Rbac prints, for each topology with strategy kubernetes, the Role that it needs and the RoleBinding that gives it\n" +
			"to a service account, as YAML for kubectl apply -f -. It asks the API of Kubernetes nothing.",
		Example: "  gonode config rbac --strategy kubernetes -O selector=app=shop --namespace shop | kubectl apply -f -\n" +
			"  gonode config rbac -f /etc/gonode.yaml --service-account shop",
		Args: takes("argument", 0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.rbac(f, cmd.Flags()); err != nil {
				return fmt.Errorf("config rbac: %w", err)
			}
			return nil
		},
	}
	fs := cmd.Flags()
	f.config.add(fs)
	fs.StringVar(&f.namespace, "namespace", "", "the `namespace` of the pods that the node runs in (default that of the topology, or default)")
	fs.StringVar(&f.account, "service-account", "", "the service `account` of those pods (default default)")
	return cmd
}

// rbac prints the Roles of all topologies that ask Kubernetes.
func (a *app) rbac(f *rbacFlags, fs *pflag.FlagSet) error {
	c, err := f.config.load(a, fs)
	if err != nil {
		return err
	}
	sources, err := c.Sources(config.Env{}, nil)
	if err != nil {
		return &usageError{err}
	}
	printed := make(map[string]bool)
	for k := range kubernetesOf(sources.List()) {
		role := k.Role(f.namespace, f.account)
		if printed[role] {
			continue
		}
		if len(printed) > 0 {
			role = "---\n" + role
		}
		printed[role] = true
		if _, err := io.WriteString(a.stdout, role); err != nil {
			return fmt.Errorf("write the output: %w", err)
		}
	}
	if len(printed) == 0 {
		return &usageError{errors.New("no topology has strategy kubernetes: give --strategy kubernetes with its options, or a file with such a topology")}
	}
	return nil
}

// kubernetesOf ranges over the strategies that ask the API of Kubernetes.
func kubernetesOf(sources []strategy.Source) func(yield func(*kubernetes.Strategy) bool) {
	return func(yield func(*kubernetes.Strategy) bool) {
		for _, s := range sources {
			if k, ok := s.Strategy.(*kubernetes.Strategy); ok && !yield(k) {
				return
			}
		}
	}
}
