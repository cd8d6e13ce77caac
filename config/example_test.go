package config_test

import (
	"fmt"
	"os"

	"gonode/config"
)

// A program that is configured as gonode run is: a file, the variables of libcluster on top of it, and a value of its own
// on top of both.
func Example() {
	file, err := config.Parse("gonode.yaml", []byte(`
name: go@127.0.0.1
topologies:
  main: {strategy: epmd, hosts: [a@127.0.0.1]}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	env, err := config.FromEnv(os.LookupEnv)
	if err != nil {
		fmt.Println(err)
		return
	}
	own, _ := config.Given(config.Value{Key: "tick_time", Text: "30s", Origin: config.Origin{Name: "the program"}})
	c, err := config.Merge(file, env, own)
	if err != nil {
		fmt.Println(err)
		return
	}
	sources, err := c.Sources(config.Env{Self: c.Node.Name}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	cfg := c.Node
	cfg.Cookie, cfg.Topologies = "secret", sources.List()
	fmt.Println(cfg.Name, cfg.TickTime, cfg.Topologies[0].Name)
	// Output: go@127.0.0.1 30s main
}

// Errors say where, what was there, and what would do.
func ExampleMerge() {
	file, _ := config.Parse("gonode.yaml", []byte("tik_time: 30s\ntopologies:\n  main:\n    strategy: gosip\n"))
	_, err := config.Merge(file)
	fmt.Println(err)
	// Output:
	// gonode.yaml:1:1: there is no key "tik_time" in the configuration: did you mean tick_time?
	// gonode.yaml:4:15: topologies.main.strategy is "gosip": there is no such strategy: did you mean gossip?
}
