package main

import (
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/ipfs/boxo/gateway"
	"github.com/ipfs/boxo/ipns"
	"github.com/ipfs/boxo/namesys"
	"github.com/ipfs/boxo/path"
	"github.com/ipfs/boxo/routing/offline"
	"github.com/ipfs/go-datastore"
	dssync "github.com/ipfs/go-datastore/sync"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/routing"
)

const (
	keyMax    = 4 << 10
	namesMax  = 10_000 // keys, and names of which a record is kept
	recordExt = 5      // the kind of an answer of routing/get that holds a record
)

// names are IPNS records in memory, each checked by boxo as it comes and as it goes, and the keys
// that sign here. Nobody else is asked for a record, and no server of DNS for anything.
type names struct {
	records routing.ValueStore
	system  namesys.NameSystem
	lock    sync.Mutex // of what follows
	keys    map[string]crypto.PrivKey
	put     map[ipns.Name]bool
}

func newNames() (*names, error) {
	records := offline.NewOfflineRouter(dssync.MutexWrap(datastore.NewMapDatastore()), ipns.Validator{})
	system, err := namesys.NewNameSystem(records, namesys.WithDNSResolver(noDNS{}))
	if err != nil {
		return nil, err
	}
	return &names{
		records: records, system: system,
		keys: map[string]crypto.PrivKey{}, put: map[ipns.Name]bool{},
	}, nil
}

type noDNS struct{}

var errNoDNS = errors.New("no server of DNS is asked here")

func (noDNS) LookupIPAddr(context.Context, string) ([]net.IPAddr, error) { return nil, errNoDNS }
func (noDNS) LookupTXT(context.Context, string) ([]string, error)        { return nil, errNoDNS }

// openHost is the name under which the gateway gives more than boxo's trustless form does.
const openHost = "names.invalid"

var openGateways = map[string]*gateway.PublicGateway{
	openHost: {Paths: []string{"/ipns"}, NoDNSLink: true, DeserializedResponses: true},
}

// open has the gateway give blocks and archives of what a name leads to, which boxo's trustless form
// leaves out; nothing is ever given as a page, whatever host a request says it is for.
func open(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("X-Forwarded-Host")
		format := r.URL.Query().Get("format")
		isBlocks := format == "raw" || format == "car" ||
			format == "" && strings.Contains(r.Header.Get("Accept"), "application/vnd.ipld.")
		if isBlocks && strings.HasPrefix(r.URL.Path, "/ipns/") {
			r.Header.Set("X-Forwarded-Host", openHost)
		}
		handler.ServeHTTP(w, r)
	})
}

func (n *names) importKey(_ context.Context, c *call) error {
	data, err := c.part(keyMax)
	if err != nil {
		return err
	}
	key, err := crypto.UnmarshalPrivateKey(data)
	if err != nil {
		return err
	}
	id, err := peer.IDFromPrivateKey(key)
	if err != nil {
		return err
	}
	name := c.option("arg", "self")
	n.lock.Lock()
	defer n.lock.Unlock()
	if _, known := n.keys[name]; !known && len(n.keys) >= namesMax {
		return errors.New("no more keys are kept")
	}
	n.keys[name] = key
	return c.tell(map[string]string{"Name": name, "Id": ipns.NameFromPeer(id).String()})
}

func (n *names) publish(ctx context.Context, c *call) error {
	value, err := path.NewPath(c.option("arg", ""))
	if err != nil {
		return err
	}
	lifetime, err := time.ParseDuration(c.option("lifetime", ipns.DefaultRecordLifetime.String()))
	if err != nil {
		return err
	}
	ttl, err := time.ParseDuration(c.option("ttl", ipns.DefaultRecordTTL.String()))
	if err != nil {
		return err
	}
	n.lock.Lock()
	defer n.lock.Unlock()
	key, known := n.keys[c.option("key", "self")]
	if !known {
		return errors.New("no key by the given name was found")
	}
	err = n.system.Publish(ctx, key, value,
		namesys.PublishWithEOL(time.Now().Add(lifetime)), namesys.PublishWithTTL(ttl),
		namesys.PublishWithIPNSOption(ipns.WithV1Compatibility(c.flag("v1compat", true))))
	if err != nil {
		return err
	}
	id, err := peer.IDFromPrivateKey(key)
	if err != nil {
		return err
	}
	return c.tell(map[string]string{"Name": ipns.NameFromPeer(id).String(), "Value": value.String()})
}

func (n *names) putRecord(ctx context.Context, c *call) error {
	name, err := ipns.NameFromString(c.option("arg", ""))
	if err != nil {
		return err
	}
	data, err := c.part(ipns.MaxRecordSize)
	if err != nil {
		return err
	}
	n.lock.Lock()
	defer n.lock.Unlock()
	if !n.put[name] && len(n.put) >= namesMax {
		return errors.New("no more names are kept")
	}
	if err := n.records.PutValue(ctx, string(name.RoutingKey()), data); err != nil {
		return err
	}
	n.put[name] = true
	return c.tell(map[string]any{"Extra": name.String(), "Type": recordExt})
}

func (n *names) getRecord(ctx context.Context, c *call) error {
	name, err := ipns.NameFromString(c.option("arg", ""))
	if err != nil {
		return err
	}
	data, err := n.records.GetValue(ctx, string(name.RoutingKey()))
	if err != nil {
		return err
	}
	return c.tell(map[string]any{"Extra": data, "Type": recordExt})
}

// part returns the one part of a call's body, of so many bytes at most.
func (c *call) part(most int) (found []byte, err error) {
	err = c.parts(func(part *multipart.Part) error {
		found, err = io.ReadAll(io.LimitReader(part, int64(most)+1))
		if err == nil && len(found) > most {
			return errors.New("it is larger than it may be")
		}
		return err
	})
	return found, err
}
