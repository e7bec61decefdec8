package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/ipfs/boxo/ipld/merkledag"
	"github.com/ipfs/go-cid"
	ipld "github.com/ipfs/go-ipld-format"
)

// pins are the blocks that are kept, each by itself (direct) or with all under it (recursive).
type pins struct {
	lock sync.Mutex
	kept map[cid.Cid]string
}

const (
	direct    = "direct"
	recursive = "recursive"
)

func newPins() *pins { return &pins{kept: map[cid.Cid]string{}} }

// set pins a block whose own, or whose whole DAG's, blocks are here.
func (p *pins) set(name cid.Cid, kind string) error {
	p.lock.Lock()
	defer p.lock.Unlock()
	if kind == direct && p.kept[name] == recursive {
		return fmt.Errorf("%s already pinned recursively", name)
	}
	p.kept[name] = kind
	return nil
}

func (p *pins) remove(name cid.Cid, deep bool) error {
	p.lock.Lock()
	defer p.lock.Unlock()
	switch kind := p.kept[name]; {
	case kind == "":
		return fmt.Errorf("%s is not pinned or pinned indirectly", name)
	case kind == recursive && !deep:
		return fmt.Errorf("%s is pinned recursively", name)
	}
	delete(p.kept, name)
	return nil
}

// list returns the pins of a kind, or of both where it is "all".
func (p *pins) list(kind string) map[cid.Cid]string {
	p.lock.Lock()
	defer p.lock.Unlock()
	found := map[cid.Cid]string{}
	for name, each := range p.kept {
		if kind == "all" || kind == each {
			found[name] = each
		}
	}
	return found
}

// pin fetches what is to be pinned, from other nodes unless `dag` is local, and pins it.
func (n *node) pin(ctx context.Context, dag ipld.DAGService, name cid.Cid, deep bool) error {
	if deep {
		if err := merkledag.FetchGraph(ctx, name, dag); err != nil {
			return err
		}
		return n.pins.set(name, recursive)
	}
	if _, err := dag.Get(ctx, name); err != nil {
		return err
	}
	return n.pins.set(name, direct)
}

func (n *node) addPins(ctx context.Context, c *call) error {
	defer n.store.PinLock(ctx).Unlock(ctx)
	return c.pins(func(name cid.Cid) error { return n.pin(ctx, n.dag(c), name, c.flag("recursive", true)) })
}

func (n *node) removePins(_ context.Context, c *call) error {
	return c.pins(func(name cid.Cid) error { return n.pins.remove(name, c.flag("recursive", true)) })
}

// pins does something with each CID that is named, and tells their names.
func (c *call) pins(do func(cid.Cid) error) error {
	told := []string{}
	for _, each := range c.names {
		if err := do(each); err != nil {
			return fmt.Errorf("pin: %w", err)
		}
		told = append(told, each.String())
	}
	return c.tell(map[string]any{"Pins": told})
}

// listPins lists what is pinned by itself, a line each; or tells it of the CIDs that are named, an
// error if one is not.
func (n *node) listPins(ctx context.Context, c *call) error {
	kind := c.option("type", "all")
	if kind != direct && kind != recursive && kind != "all" {
		return errors.New("type is direct, recursive or all")
	}
	found := n.pins.list(kind)
	if c.URL.Query().Has("arg") {
		return named(func(_ context.Context, c *call) error { return tellKinds(c, found, c.names) })(ctx, c)
	}
	return tellKinds(c, found, slices.Collect(maps.Keys(found)))
}

func tellKinds(c *call, found map[cid.Cid]string, names []cid.Cid) error {
	for _, each := range names {
		if found[each] == "" {
			return fmt.Errorf("path '/ipfs/%s' is not pinned", each)
		}
		if err := c.tell(map[string]string{"Cid": each.String(), "Type": found[each]}); err != nil {
			return err
		}
	}
	return nil
}

// collect forgets the blocks that no pin needs, a line each; what goes wrong is a line too.
func (n *node) collect(ctx context.Context, c *call) error {
	defer n.store.GCLock(ctx).Unlock(ctx)
	needed, err := n.needed(ctx)
	if err != nil {
		return err
	}
	keys, err := n.store.AllKeysChan(ctx)
	if err != nil {
		return err
	}
	for each := range keys {
		if needed[string(each.Hash())] {
			continue
		}
		told := map[string]any{"Key": each}
		if err := n.store.DeleteBlock(ctx, each); err != nil {
			told = map[string]any{"Error": err.Error()}
		}
		if err := c.tell(told); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// needed returns the hashes of all blocks that a pin reaches.
func (n *node) needed(ctx context.Context) (map[string]bool, error) {
	found, seen := map[string]bool{}, cid.NewSet()
	links := merkledag.GetLinksDirect(merkledag.NewDAGService(n.local))
	for name, kind := range n.pins.list("all") {
		found[string(name.Hash())] = true
		if kind == direct {
			continue
		}
		visit := func(name cid.Cid) bool {
			found[string(name.Hash())] = true
			return seen.Visit(name)
		}
		if err := merkledag.Walk(ctx, links, name, visit); err != nil {
			return nil, err
		}
	}
	return found, nil
}
