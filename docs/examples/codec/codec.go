package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
)

// Codec is ringtrue's payload codec: a converter.PayloadCodec.
type Codec struct {
	current string
	keys    map[string]cipher.AEAD
}

// NewCodec reads the value of RINGTRUE_ENCRYPTION_KEYS.
func NewCodec(text string) (*Codec, error) {
	codec := &Codec{keys: map[string]cipher.AEAD{}}
	for _, entry := range strings.Split(text, ",") {
		id, key, _ := strings.Cut(strings.TrimSpace(entry), ":")
		bytes, err := base64.StdEncoding.DecodeString(key)
		if err != nil {
			return nil, fmt.Errorf("the key %s is not base64", id)
		}
		block, err := aes.NewCipher(bytes)
		if err != nil {
			return nil, fmt.Errorf("the key %s: %w", id, err)
		}
		if codec.current == "" {
			codec.current = id
		}
		if codec.keys[id], err = cipher.NewGCM(block); err != nil {
			return nil, err
		}
	}
	return codec, nil
}

func (c *Codec) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	result := make([]*commonpb.Payload, len(payloads))
	for i, payload := range payloads {
		plain, err := proto.Marshal(payload)
		if err != nil {
			return nil, err
		}
		nonce := make([]byte, 12)
		if _, err := rand.Read(nonce); err != nil {
			return nil, err
		}
		result[i] = &commonpb.Payload{
			Metadata: map[string][]byte{
				converter.MetadataEncoding: []byte("binary/encrypted"),
				"encryption-key-id":        []byte(c.current),
			},
			Data: c.keys[c.current].Seal(nonce, nonce, plain, nil),
		}
	}
	return result, nil
}

func (c *Codec) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	result := make([]*commonpb.Payload, len(payloads))
	for i, payload := range payloads {
		result[i] = payload
		if string(payload.Metadata[converter.MetadataEncoding]) != "binary/encrypted" {
			continue
		}
		id := string(payload.Metadata["encryption-key-id"])
		key, known := c.keys[id]
		if !known || len(payload.Data) < 12 {
			return nil, fmt.Errorf("a payload needs the encryption key %s", id)
		}
		plain, err := key.Open(nil, payload.Data[:12], payload.Data[12:], nil)
		if err != nil {
			return nil, err
		}
		result[i] = &commonpb.Payload{}
		if err := proto.Unmarshal(plain, result[i]); err != nil {
			return nil, err
		}
	}
	return result, nil
}
