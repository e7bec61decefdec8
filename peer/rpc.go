package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"time"

	"github.com/ipfs/boxo/blockservice"
	"github.com/ipfs/boxo/ipld/merkledag"
	"github.com/ipfs/go-cid"
	ipld "github.com/ipfs/go-ipld-format"
	"github.com/libp2p/go-libp2p/core/peer"
)

// call is one request of the RPC and its answer.
type call struct {
	*http.Request
	w     http.ResponseWriter
	names []cid.Cid // what it names, one at least where its verb is about blocks
	begun bool
}

type verb func(context.Context, *call) error

// rpc returns the calls of Kubo's RPC that are answered here: POST alone, and never from a page.
func (n *node) rpc() http.Handler {
	mux := http.NewServeMux()
	for path, do := range map[string]verb{
		"version":           n.tellVersion,
		"id":                n.tellID,
		"add":               n.add,
		"block/put":         n.putBlocks,
		"dag/import":        n.importArchive,
		"pin/ls":            n.listPins,
		"repo/gc":           n.collect,
		"swarm/connect":     n.connect,
		"swarm/peering/add": n.addPeering,
		"key/import":        n.names.importKey,
		"name/publish":      n.names.publish,
		"routing/put":       n.names.putRecord,
		"routing/get":       n.names.getRecord,
		"cat":               named(n.cat),
		"block/get":         named(n.getBlock),
		"block/rm":          named(n.removeBlocks),
		"dag/export":        named(n.exportArchive),
		"pin/add":           named(n.addPins),
		"pin/rm":            named(n.removePins),
	} {
		mux.Handle("/api/v0/"+path, n.answer(do))
	}
	return mux
}

// named returns a verb that is about the blocks its call names.
func named(do verb) verb {
	return func(ctx context.Context, c *call) error {
		for _, text := range c.URL.Query()["arg"] {
			name, err := cid.Decode(strings.TrimPrefix(text, "/ipfs/"))
			if err != nil {
				return err
			}
			c.names = append(c.names, name)
		}
		if len(c.names) == 0 {
			return errors.New(`argument "ipfs-path" is required`)
		}
		return do(ctx, c)
	}
}

func (n *node) answer(do verb) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			http.Error(w, "405 - Method Not Allowed", http.StatusMethodNotAllowed)
			return
		}
		if r.Header.Get("Origin") != "" || r.Header.Get("Referer") != "" {
			http.Error(w, "403 - Forbidden", http.StatusForbidden)
			return
		}
		wait, err := time.ParseDuration((&call{Request: r}).option("timeout", n.wait.String()))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), wait)
		defer cancel()
		c := &call{Request: r, w: w}
		if err := do(ctx, c); err != nil {
			c.fail(err)
		}
	})
}

// fail answers as Kubo does. An answer that has begun is cut instead: it must not look whole.
func (c *call) fail(err error) {
	if c.begun {
		panic(http.ErrAbortHandler)
	}
	c.w.Header().Set("Content-Type", "application/json")
	c.w.WriteHeader(http.StatusInternalServerError)
	json.NewEncoder(c.w).Encode(map[string]any{"Message": err.Error(), "Code": 0, "Type": "error"})
}

// Write writes bytes of the answer, after which no error can be told but by cutting it.
func (c *call) Write(data []byte) (int, error) {
	c.begun = true
	return c.w.Write(data)
}

// tell writes one line of an answer.
func (c *call) tell(found any) error {
	c.w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(c).Encode(found)
}

func (c *call) option(name, otherwise string) string {
	if found := c.URL.Query().Get(name); found != "" {
		return found
	}
	return otherwise
}

func (c *call) flag(name string, otherwise bool) bool {
	return c.option(name, fmt.Sprint(otherwise)) == "true"
}

// parts calls `do` with each part of a multipart body.
func (c *call) parts(do func(*multipart.Part) error) error {
	reader, err := c.MultipartReader()
	if err != nil {
		return err
	}
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = do(part)
		}
		if err != nil {
			return err
		}
	}
}

// source returns where a call reads: from here alone where it says so.
func (n *node) source(c *call) blockservice.BlockService {
	if c.flag("offline", false) {
		return n.local
	}
	return n.online
}

func (n *node) dag(c *call) ipld.DAGService {
	return merkledag.NewDAGService(n.source(c))
}

func (n *node) tellVersion(_ context.Context, c *call) error {
	return c.tell(map[string]string{"Version": "tallystick-peer/" + version})
}

func (n *node) tellID(_ context.Context, c *call) error {
	return c.tell(map[string]any{"ID": n.host.ID().String(), "Addresses": n.addresses()})
}

func (n *node) connect(ctx context.Context, c *call) error {
	to, err := peer.AddrInfoFromString(c.option("arg", ""))
	if err != nil {
		return err
	}
	if err := n.host.Connect(ctx, *to); err != nil {
		return fmt.Errorf("connect %s failure: %w", to.ID, err)
	}
	return c.tell(map[string]any{"Strings": []string{fmt.Sprintf("connect %s success", to.ID)}})
}

func (n *node) addPeering(_ context.Context, c *call) error {
	to, err := peer.AddrInfoFromString(c.option("arg", ""))
	if err != nil {
		return err
	}
	n.peering.AddPeer(*to)
	return c.tell(map[string]string{"ID": to.ID.String(), "Status": "success"})
}
