// Checker verifies logs of this project with golang.org/x/mod/sumdb, which shares no
// code with it. What is its own here: the C2SP names of tiles, and entry bundles.
//
//	checker verify VKEY DIR [OLD-CHECKPOINT]
//	checker prove DIR          proofs of the log, as JSON
//	checker check              checks such JSON from standard input
//	checker cosigned FILE VKEY WITNESS-VKEY...
//	checker proof FILE VKEY [ENTRY-FILE]
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	height = 8
	width  = 1 << height
)

type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, 0, len(indexes))
	for _, index := range indexes {
		if index >= int64(len(h)) {
			return nil, fmt.Errorf("hash %d of %d", index, len(h))
		}
		found = append(found, h[index])
	}
	return found, nil
}

// path gives the C2SP name of a tile: unlike Tile.Path, without a height.
func path(level string, n int64, w int) string {
	name := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		name = fmt.Sprintf("x%03d/%s", n%1000, name)
	}
	if w < width {
		name += fmt.Sprintf(".p/%d", w)
	}
	return "tile/" + level + "/" + name
}

func parse(text string) (origin string, tree tlog.Tree, err error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return "", tree, errors.New("a checkpoint has three lines")
	}
	n, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != lines[1] {
		return "", tree, fmt.Errorf("not a size: %q", lines[1])
	}
	root, err := tlog.ParseHash(lines[2])
	return lines[0], tlog.Tree{N: n, Hash: root}, err
}

func readTree(file string) (string, tlog.Tree, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", tlog.Tree{}, err
	}
	text, _, found := strings.Cut(string(data), "\n\n")
	if !found {
		return "", tlog.Tree{}, errors.New("not a signed note")
	}
	return parse(text + "\n")
}

// load reads the entries of a log and computes every hash from them.
func load(dir string, size int64) (hashes, error) {
	var all hashes
	for n := int64(0); n*width < size; n++ {
		w := int(size - n*width)
		if w > width {
			w = width
		}
		data, err := os.ReadFile(filepath.Join(dir, path("entries", n, w)))
		if err != nil {
			return nil, err
		}
		for i := 0; i < w; i++ {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				return nil, fmt.Errorf("bundle %d ends early", n)
			}
			end := 2 + int(binary.BigEndian.Uint16(data))
			stored, err := tlog.StoredHashes(n*width+int64(i), data[2:end], all)
			if err != nil {
				return nil, err
			}
			all = append(all, stored...)
			data = data[end:]
		}
		if len(data) > 0 {
			return nil, fmt.Errorf("bundle %d has bytes left over", n)
		}
	}
	return all, nil
}

func verify(vkey, dir string, old string) error {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return err
	}
	signed, err := note.Open(data, note.VerifierList(verifier))
	if err != nil {
		return err
	}
	origin, tree, err := parse(signed.Text)
	if err != nil {
		return err
	}
	if origin != verifier.Name() {
		return fmt.Errorf("origin %q, key %q", origin, verifier.Name())
	}
	all, err := load(dir, tree.N)
	if err != nil {
		return err
	}
	if tree.N > 0 {
		root, err := tlog.TreeHash(tree.N, all)
		if err != nil {
			return err
		}
		if root != tree.Hash {
			return errors.New("the root is not that of the entries")
		}
	}
	if err := verifyTiles(dir, tree.N, all); err != nil {
		return err
	}
	if old == "" {
		return nil
	}
	_, before, err := readTree(old)
	if err != nil {
		return err
	}
	proof, err := tlog.ProveTree(tree.N, before.N, all)
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, tree.N, tree.Hash, before.N, before.Hash)
}

// verifyTiles compares all tiles: the last of each level must be there, and stale
// partial ones, where they are, must agree.
func verifyTiles(dir string, size int64, all hashes) error {
	for _, tile := range tlog.NewTiles(height, 0, size) {
		want, err := tlog.ReadTileData(tile, all)
		if err != nil {
			return err
		}
		name := path(strconv.Itoa(tile.L), tile.N, tile.W)
		got, err := os.ReadFile(filepath.Join(dir, name))
		last := (size>>(height*uint(tile.L)))%width == int64(tile.W)
		if errors.Is(err, fs.ErrNotExist) && tile.W < width && !last {
			continue // NewTiles before x/mod 0.17 lists every partial width
		}
		if err != nil {
			return err
		}
		if !bytes.Equal(got, want) {
			return fmt.Errorf("%s differs", name)
		}
	}
	return nil
}

type inclusion struct {
	Index, Size int64
	Leaf, Root  string
	Proof       []string
}

type consistency struct {
	Old, New         int64
	OldRoot, NewRoot string
	Proof            []string
}

type proofs struct {
	Inclusion   []inclusion
	Consistency []consistency
}

func encode(list []tlog.Hash) []string {
	texts := []string{}
	for _, hash := range list {
		texts = append(texts, hash.String())
	}
	return texts
}

func decode(texts []string) ([]tlog.Hash, error) {
	var list []tlog.Hash
	for _, text := range texts {
		data, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(data) != tlog.HashSize {
			return nil, fmt.Errorf("not a hash: %q", text)
		}
		list = append(list, *(*tlog.Hash)(data))
	}
	return list, nil
}

func prove(dir string) error {
	_, tree, err := readTree(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return err
	}
	all, err := load(dir, tree.N)
	if err != nil {
		return err
	}
	var out proofs
	for n := int64(0); n < tree.N; n++ {
		record, err := tlog.ProveRecord(tree.N, n, all)
		if err != nil {
			return err
		}
		leaf := all[tlog.StoredHashIndex(0, n)]
		out.Inclusion = append(out.Inclusion, inclusion{
			n, tree.N, leaf.String(), tree.Hash.String(), encode(record)})
		growth, err := tlog.ProveTree(tree.N, n+1, all)
		if err != nil {
			return err
		}
		root, err := tlog.TreeHash(n+1, all)
		if err != nil {
			return err
		}
		out.Consistency = append(out.Consistency, consistency{
			n + 1, tree.N, root.String(), tree.Hash.String(), encode(growth)})
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

func check() error {
	var in proofs
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		return err
	}
	for _, p := range in.Inclusion {
		list, err := decode(append([]string{p.Leaf, p.Root}, p.Proof...))
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(list[2:], p.Size, list[1], p.Index, list[0]); err != nil {
			return fmt.Errorf("entry %d: %w", p.Index, err)
		}
	}
	for _, p := range in.Consistency {
		list, err := decode(append([]string{p.OldRoot, p.NewRoot}, p.Proof...))
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(list[2:], p.New, list[1], p.Old, list[0]); err != nil {
			return fmt.Errorf("size %d: %w", p.Old, err)
		}
	}
	fmt.Println(len(in.Inclusion), len(in.Consistency))
	return nil
}

// cosigner verifies type 0x04 of C2SP tlog-cosignature, which x/mod does not know.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }

func (c *cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	text := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(sig), msg)
	return ed25519.Verify(c.key, []byte(text), sig[8:])
}

func newCosigner(vkey string) (note.Verifier, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, fmt.Errorf("not a verifier key: %q", vkey)
	}
	data, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(data) != 1+ed25519.PublicKeySize || data[0] != 4 {
		return nil, fmt.Errorf("not a cosigner's key: %q", vkey)
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), data...))
	return &cosigner{parts[0], binary.BigEndian.Uint32(sum[:4]), data[1:]}, nil
}

func cosigned(file, vkey string, witnesses []string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return err
	}
	all := []note.Verifier{verifier}
	for _, witness := range witnesses {
		c, err := newCosigner(witness)
		if err != nil {
			return err
		}
		all = append(all, c)
	}
	signed, err := note.Open(data, note.VerifierList(all...))
	if err != nil {
		return err
	}
	if len(signed.Sigs) != len(all) {
		return fmt.Errorf("%d of %d signed", len(signed.Sigs), len(all))
	}
	return nil
}

// proof checks a c2sp.org/tlog-proof. Without an entry's file, the entry is its extra
// data.
func proof(file, vkey, entry string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	head, checkpoint, found := bytes.Cut(data, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !found || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("not a tlog-proof")
	}
	lines = lines[1:]
	var record []byte
	if strings.HasPrefix(lines[0], "extra ") {
		extra := strings.TrimPrefix(lines[0], "extra ")
		if record, err = base64.StdEncoding.DecodeString(extra); err != nil {
			return err
		}
		lines = lines[1:]
	}
	if entry != "" {
		if record, err = os.ReadFile(entry); err != nil {
			return err
		}
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "index "), 10, 64)
	if err != nil {
		return err
	}
	path, err := decode(lines[1:])
	if err != nil {
		return err
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return err
	}
	signed, err := note.Open(checkpoint, note.VerifierList(verifier))
	if err != nil {
		return err
	}
	_, tree, err := parse(signed.Text)
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(path, tree.N, tree.Hash, index, tlog.RecordHash(record)); err != nil {
		return err
	}
	os.Stdout.Write(record)
	return nil
}

func run(args []string) error {
	switch {
	case len(args) >= 3 && args[0] == "cosigned":
		return cosigned(args[1], args[2], args[3:])
	case len(args) == 3 && args[0] == "proof":
		return proof(args[1], args[2], "")
	case len(args) == 4 && args[0] == "proof":
		return proof(args[1], args[2], args[3])
	case len(args) == 3 && args[0] == "verify":
		return verify(args[1], args[2], "")
	case len(args) == 4 && args[0] == "verify":
		return verify(args[1], args[2], args[3])
	case len(args) == 2 && args[0] == "prove":
		return prove(args[1])
	case len(args) == 1 && args[0] == "check":
		return check()
	}
	return errors.New("usage: checker verify VKEY DIR [OLD] | prove DIR | check | cosigned FILE VKEY WITNESS... | proof FILE VKEY [ENTRY]")
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
