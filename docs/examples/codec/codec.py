"""ringtrue's payload codec for the Python SDK: pip install temporalio cryptography"""

import base64
import dataclasses
import os

import temporalio.converter
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload


class EncryptionCodec(temporalio.converter.PayloadCodec):
    def __init__(self, keys: str) -> None:
        """`keys`: the value of RINGTRUE_ENCRYPTION_KEYS."""
        pairs = [entry.strip().split(":", 1) for entry in keys.split(",")]
        self.keys = {key_id.strip(): AESGCM(base64.b64decode(key)) for key_id, key in pairs}
        self.key_id = next(iter(self.keys))

    async def encode(self, payloads):
        return [self.encrypted(payload) for payload in payloads]

    async def decode(self, payloads):
        return [self.decrypted(payload) for payload in payloads]

    def encrypted(self, payload):
        nonce = os.urandom(12)
        data = nonce + self.keys[self.key_id].encrypt(nonce, payload.SerializeToString(), None)
        metadata = {"encoding": b"binary/encrypted", "encryption-key-id": self.key_id.encode()}
        return Payload(metadata=metadata, data=data)

    def decrypted(self, payload):
        if payload.metadata.get("encoding") != b"binary/encrypted":
            return payload
        key = self.keys[payload.metadata["encryption-key-id"].decode()]
        return Payload.FromString(key.decrypt(payload.data[:12], payload.data[12:], None))


class FailureConverter(temporalio.converter.DefaultFailureConverter):
    """Encrypts messages and stack traces of failures, too."""

    def __init__(self) -> None:
        super().__init__(encode_common_attributes=True)


def data_converter(keys: str) -> temporalio.converter.DataConverter:
    """For `Client.connect(…, data_converter=…)`."""
    return dataclasses.replace(
        temporalio.converter.default(),
        payload_codec=EncryptionCodec(keys),
        failure_converter_class=FailureConverter,
    )
