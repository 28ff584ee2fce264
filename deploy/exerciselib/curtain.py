# SPDX-License-Identifier: Apache-2.0
"""Raises the curtain on a stage: a broker with its officers and policy, and every agency enrolled, with its adapter connected."""
from concurrent.futures import ThreadPoolExecutor

from .policy_text import write_policy


def raise_curtain(stage, folder, cabinet, first_day, tell=lambda line, always=False: None, without=(), by_hand=()):
    """Keys, broker, officers, policy, agencies, adapters: everything up and on the first day.

    without: agencies that are enrolled but get no adapter here; somebody else speaks for them, or nobody.
    by_hand: agencies where somebody at a desk answers.
    """
    agencies = list(cabinet.organisation)
    organisations = sorted(set(cabinet.organisation.values()))
    tell(f"making keys for {len(agencies)} agencies", True)
    stage.make_broker(organisations)
    stage.make_agency_keys(agencies)
    policy = stage.work / "policy"
    write_policy(folder, policy, by_hand, cabinet.witnesses)
    tell(f"starting a broker with {len(organisations)} gates", True)
    stage.start_broker()
    stage.enrol_officers()
    stage.set_day(first_day)
    stage.activate(policy)
    for agency in agencies:
        stage.enrol(agency)
        if agency in without:
            continue
        cabinet.write(agency, first_day)
        stage.start_adapter(agency, cabinet.configure(agency))
    with_adapter = [a for a in agencies if a not in without]
    tell(f"waiting for {len(with_adapter)} adapters", True)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda a: stage.wait_adapter(a, day=first_day), with_adapter))
