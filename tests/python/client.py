"""Drives a fuldmagt service with Python's own gRPC client, over mutual TLS, and ends non-zero on any wrong answer.

Reads one JSON object from standard input: `target` (host:port), `certs` (the folder that `fuldmagt dev-certs` made),
`proto` (the folder of the API definition), `generated` (an empty folder for the generated code), `people` (two, each
with `cpr`, `uuid` and `name`), `authority_cvr` (of the client `skat`) and `last_day` (YYYY-MM-DD).

Prints what it proves. Never prints a person's data.
"""

import hashlib
import importlib
import importlib.resources
import json
import pathlib
import sys
import uuid

import grpc
from google.protobuf.any_pb2 import Any
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status
from grpc_tools import protoc

TIMEOUT_S = 30
SYSTEM = "python-test"
GIVEN = "urn:dk:python-test:given"
ALSO_GIVEN = "urn:dk:python-test:også-givet"
NOT_GIVEN = "urn:dk:python-test:not-given"
PRIVILEGES = [GIVEN, ALSO_GIVEN, NOT_GIVEN]
PURPOSE = "case"


def prove(is_so: bool, claim: str) -> None:
    if not is_so:
        sys.exit(f"this is not so: {claim}")
    print(f"proves: {claim}", flush=True)


def generate(proto: str, generated: str) -> None:
    """Makes Python code of the API definition, and lets it be imported."""
    known = importlib.resources.files("grpc_tools") / "_proto"
    files = sorted(str(path) for path in pathlib.Path(proto).glob("fuldmagt/v1/*.proto"))
    flags = [f"-I{proto}", f"-I{known}", f"--python_out={generated}", f"--grpc_python_out={generated}"]
    prove(protoc.main(["protoc", *flags, *files]) == 0, "Python code can be generated from the API definition")
    sys.path.insert(0, generated)


class Api:
    """The services of the API, as one registered client."""

    def __init__(self, target: str, certs: str, client: str) -> None:
        def read(name: str) -> bytes:
            return (pathlib.Path(certs) / name).read_bytes()

        credentials = grpc.ssl_channel_credentials(
            root_certificates=read("ca.pem"),
            private_key=read(f"{client}-key.pem"),
            certificate_chain=read(f"{client}.pem"),
        )
        channel = grpc.secure_channel(target, credentials)
        self.catalogue = module("catalogue_service_pb2_grpc").CatalogueServiceStub(channel)
        self.parties = module("party_service_pb2_grpc").PartyServiceStub(channel)
        self.delegations = module("delegation_service_pb2_grpc").DelegationServiceStub(channel)
        self.query = module("query_service_pb2_grpc").QueryServiceStub(channel)


def module(name: str):
    return importlib.import_module(f"fuldmagt.v1.{name}")


def request_id() -> str:
    return str(uuid.uuid4())


def call(rpc, request):
    return rpc(request, timeout=TIMEOUT_S)


def refusal(rpc, request) -> tuple[grpc.StatusCode, ErrorInfo, BadRequest]:
    """Calls, and returns what a refusal tells: the code, and the details of the standard error model."""
    try:
        call(rpc, request)
    except grpc.RpcError as error:
        details = {key: value for key, value in error.trailing_metadata() if key == "grpc-status-details-bin"}
        status = Status.FromString(details["grpc-status-details-bin"])
        prove(status.code == error.code().value[0], "the details repeat the status code")
        return error.code(), unpacked(status.details, ErrorInfo()), unpacked(status.details, BadRequest())
    sys.exit(f"this is not so: {type(request).__name__} is refused")


def unpacked(details: list[Any], into):
    for detail in details:
        if detail.Unpack(into):
            break
    return into


def publish(operator: Api, authority_cvr: str) -> None:
    pb, parties = module("catalogue_service_pb2"), module("party_service_pb2")
    system = pb.System(system_id=SYSTEM, authority_cvr=authority_cvr, title_da="Prøve", title_en="Test")
    call(operator.catalogue.PutSystem, pb.PutSystemRequest(request_id=request_id(), system=system))
    for uri in PRIVILEGES:
        privilege = pb.Privilege(
            privilege=uri,
            system_id=SYSTEM,
            title_da="Prøve",
            title_en="Test",
            description_da="En prøve.",
            description_en="A test.",
            delegator_kinds=[parties.PARTY_KIND_PERSON],
            representative_kinds=[parties.PARTY_KIND_PERSON],
        )
        put = pb.PutPrivilegeRequest(request_id=request_id(), privilege=privilege)
        draft = call(operator.catalogue.PutPrivilege, put).privilege
        prove(draft.state == pb.PUBLICATION_STATE_DRAFT, "a new privilege is a draft")
        put = pb.PublishPrivilegeRequest(request_id=request_id(), privilege=uri)
        published = call(operator.catalogue.PublishPrivilege, put).privilege
        prove(published.state == pb.PUBLICATION_STATE_PUBLISHED, "a privilege is published")


def register(front_end: Api, person: dict) -> str:
    pb, identifiers = module("party_service_pb2"), module("identifier_pb2")
    both = [identifiers.Identifier(cpr_number=person["cpr"]), identifiers.Identifier(uuid=person["uuid"])]

    def resolve(named_by: list, create: bool):
        request = pb.ResolvePartyRequest(
            request_id=request_id(),
            identifiers=named_by,
            create_if_missing=create,
            name=person["name"] if create else "",
        )
        return call(front_end.parties.ResolveParty, request)

    first = resolve(both, create=True)
    prove(first.created, "a person is registered")
    again = resolve(both[1:], create=False)
    prove(again.party == first.party and not again.created, "a person is found by another identifier")
    return first.party.party_id


def actor(party_id: str):
    pb = module("delegation_pb2")
    return pb.Actor(party_id=party_id, level_of_assurance=pb.LEVEL_OF_ASSURANCE_SUBSTANTIAL)


def sign(front_end: Api, user, person: dict, terms):
    pb, signature, identifiers = (module(f"{name}_pb2") for name in ("delegation_service", "signature", "identifier"))
    preview = call(front_end.delegations.PreviewDelegation, pb.PreviewDelegationRequest(actor=user, create=terms))
    agreement = preview.agreement
    digest = hashlib.sha256(agreement.text_da.encode() + b"\0" + agreement.text_en.encode()).digest()
    prove(agreement.digest == digest, "what is to be signed comes with its digest")
    proof = signature.SignatureProof(
        digest=digest,
        level_of_assurance=preview.minimum_level_of_assurance,
        signer=[identifiers.Identifier(uuid=person["uuid"])],
        evidence=b"Signed by a test client, which is no signing service",
    )
    proof.sign_time.GetCurrentTime()
    return proof


def give(front_end: Api, person: dict, delegator: str, representative: str, last_day: str):
    pb, delegation = module("delegation_service_pb2"), module("delegation_pb2")
    terms = {
        "delegator_id": delegator,
        "representative_id": representative,
        "privileges": [GIVEN, ALSO_GIVEN],
        "period": delegation.Period(to_date=last_day),
    }
    request = pb.CreateDelegationRequest(
        request_id=request_id(),
        actor=actor(delegator),
        signature=sign(front_end, actor(delegator), person, pb.CreateTerms(**terms)),
        **terms,
    )
    answer = call(front_end.delegations.CreateDelegation, request)
    prove(answer.delegation.status == delegation.DELEGATION_STATUS_ACTIVE, "a delegation is given")
    prove(call(front_end.delegations.CreateDelegation, request) == answer, "a repeated request gets the first answer")
    asked = {"delegation_id": answer.delegation.delegation_id}
    receipt = call(front_end.delegations.GetReceipt, pb.GetReceiptRequest(actor=actor(representative), **asked))
    prove(receipt.agreement.digest == request.signature.digest, "the representative reads what was signed")
    prove(receipt.signer_id == delegator and receipt.evidence == b"", "the evidence is for who signed")
    return answer.delegation


def check(authority: Api, people: list[dict], uri: str):
    pb, identifiers = module("query_service_pb2"), module("identifier_pb2")
    request = pb.CheckDelegationRequest(
        delegator=identifiers.Identifier(cpr_number=people[0]["cpr"]),
        representative=identifiers.Identifier(uuid=people[1]["uuid"]),
        privilege=uri,
        purpose=PURPOSE,
    )
    return call(authority.query.CheckDelegation, request).decision


def ask(authority: Api, people: list[dict], given) -> None:
    pb, identifiers = module("query_service_pb2"), module("identifier_pb2")
    delegator, representative = (identifiers.Identifier(cpr_number=person["cpr"]) for person in people)
    yes, no = check(authority, people, GIVEN), check(authority, people, NOT_GIVEN)
    prove(yes.granted and yes.delegation_id == given.delegation_id, "what was given is granted")
    prove(yes.valid_to == given.valid_to, "the answer tells the end of the delegation")
    prove(not no.granted and no.denial_reason == pb.DENIAL_REASON_NO_DELEGATION, "what was not given is denied")

    items = [
        pb.BatchCheckItem(delegator=one, representative=other, privilege=uri)
        for one, other in ((delegator, representative), (representative, delegator))
        for uri in PRIVILEGES
    ]
    batch = call(authority.query.BatchCheckDelegations, pb.BatchCheckDelegationsRequest(items=items, purpose=PURPOSE))
    granted = [decision.granted for decision in batch.decisions]
    prove(granted == [True, True, False, False, False, False], "a batch answers each question, in order")

    page = {"purpose": PURPOSE, "page_size": 1}
    entries = pages(authority.query.ListRepresentatives, pb.ListRepresentativesRequest(delegator=delegator, **page))
    privileges = sorted(entry.privilege for entry in entries)
    prove(privileges == sorted([GIVEN, ALSO_GIVEN]), "the representatives are listed, page by page")
    prove(all(entry.party == representative for entry in entries), "a representative is named as the authority knows")
    entries = pages(authority.query.ListDelegators, pb.ListDelegatorsRequest(representative=representative, **page))
    prove({entry.delegation_id for entry in entries} == {given.delegation_id}, "the delegators are listed")


def pages(rpc, request) -> list:
    entries = []
    while True:
        answer = call(rpc, request)
        entries.extend(answer.entries)
        if not answer.next_page_token:
            return entries
        request.page_token = answer.next_page_token


def revoke(front_end: Api, authority: Api, people: list[dict], given) -> None:
    pb, delegation, query = module("delegation_service_pb2"), module("delegation_pb2"), module("query_service_pb2")
    request = pb.RevokeDelegationRequest(
        request_id=request_id(),
        actor=actor(given.delegator_id),
        delegation_id=given.delegation_id,
        reason=delegation.END_REASON_NO_LONGER_NEEDED,
    )
    answer = call(front_end.delegations.RevokeDelegation, request)
    prove(answer.delegation.status == delegation.DELEGATION_STATUS_REVOKED, "a delegation is revoked")
    no = check(authority, people, GIVEN)
    prove(not no.granted and no.denial_reason == query.DENIAL_REASON_REVOKED, "the next check says no")


def be_refused(front_end: Api, authority: Api, people: list[dict]) -> None:
    pb, identifiers = module("query_service_pb2"), module("identifier_pb2")
    request = pb.CheckDelegationRequest(
        # No such day.
        delegator=identifiers.Identifier(cpr_number="3113700000"),
        representative=identifiers.Identifier(uuid=people[1]["uuid"]),
        privilege=GIVEN,
        purpose=PURPOSE,
    )
    code, info, bad_request = refusal(authority.query.CheckDelegation, request)
    prove(code == grpc.StatusCode.INVALID_ARGUMENT, "a malformed identifier is refused")
    prove((info.domain, info.reason) == ("fuldmagt.dk", "CPR_DATE_INVALID"), "the refusal has a stable reason")
    fields = [violation.field for violation in bad_request.field_violations]
    prove(fields == ["delegator.cpr_number"], "the refusal names the field")
    code, info, _ = refusal(front_end.query.CheckDelegation, request)
    prove(code == grpc.StatusCode.PERMISSION_DENIED, "a front end may not ask as an authority")
    prove(info.domain == "fuldmagt.dk" and info.reason != "", "that refusal has a stable reason too")


def record_text(r) -> str:
    """As the API definition has it."""
    fields = [r.cpr_number, r.status, r.new_cpr_number, "01"[r.is_protected], r.name, r.country_code]
    return "".join(field + "\x1f" for field in [*fields, *r.address_lines]) + "\x1e"


def feed_register(feed: Api, people: list[dict]) -> None:
    pb, cpr = module("party_service_pb2"), module("cpr_snapshot_pb2")
    header = cpr.CprSnapshotHeader(import_id=request_id(), as_of="2020-01-01", expected_row_count=len(people))
    digest, chunks = bytes(32), []
    for sequence, person in enumerate(people):
        record = cpr.CprRecord(
            cpr_number=person["cpr"],
            status="1",
            is_protected=sequence == 0,
            name=person["name"],
            address_lines=["Prøvevej 1", "5970 Ærøskøbing"],
            country_code="DK",
        )
        chunks.append(cpr.CprSnapshotChunk(sequence=sequence, records=[record]))
        digest = hashlib.sha256(digest + hashlib.sha256(record_text(record).encode()).digest()).digest()
    trailer = cpr.CprSnapshotTrailer(row_count=len(people), sha256=digest)

    def stream():
        yield pb.ImportCprSnapshotRequest(header=header)
        yield from (pb.ImportCprSnapshotRequest(chunk=chunk) for chunk in chunks)
        yield pb.ImportCprSnapshotRequest(trailer=trailer)

    answer = feed.parties.ImportCprSnapshot(stream(), timeout=TIMEOUT_S)
    prove(answer.added_count == len(people), "a copy of the CPR register comes into use")
    told = call(feed.parties.GetCprImport, pb.GetCprImportRequest(import_id=header.import_id))
    prove(told.cpr_import == answer.cpr_import, "an import tells how far it has come")


def main() -> None:
    told = json.load(sys.stdin)
    people = told["people"]
    generate(told["proto"], told["generated"])
    operator, front_end, authority, feed = (
        Api(told["target"], told["certs"], client) for client in ("operator", "borger-dk", "skat", "cpr-feed")
    )
    publish(operator, told["authority_cvr"])
    delegator, representative = (register(front_end, person) for person in people)
    given = give(front_end, people[0], delegator, representative, told["last_day"])
    ask(authority, people, given)
    revoke(front_end, authority, people, given)
    be_refused(front_end, authority, people)
    feed_register(feed, people)
    print("every answer was as it must be")


if __name__ == "__main__":
    main()
