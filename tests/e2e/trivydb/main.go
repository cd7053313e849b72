// Command trivydb writes a bbolt file out of JSON records on standard input:
// [{"path": ["bucket", ...], "key": "k", "value": {...}}, ...].
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go run main.go FILE < records.json
package main

import (
	"encoding/json"
	"log"
	"os"

	bolt "go.etcd.io/bbolt"
)

type record struct {
	Path  []string        `json:"path"`
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value"`
}

func main() {
	var records []record
	check(json.NewDecoder(os.Stdin).Decode(&records))
	db, err := bolt.Open(os.Args[1], 0o600, nil)
	check(err)
	check(db.Update(func(tx *bolt.Tx) error {
		for _, r := range records {
			bucket, err := tx.CreateBucketIfNotExists([]byte(r.Path[0]))
			for _, name := range r.Path[1:] {
				check(err)
				bucket, err = bucket.CreateBucketIfNotExists([]byte(name))
			}
			check(err)
			check(bucket.Put([]byte(r.Key), r.Value))
		}
		return nil
	}))
	check(db.Close())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
