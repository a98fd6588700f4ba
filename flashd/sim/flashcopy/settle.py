"""What has come about by itself since the array was last looked at."""

from flashd.sim.flashcopy.freeze import thaw_in_time
from flashd.sim.flashcopy.space import claim
from flashd.sim.flashcopy.writes import release_queued
from flashd.sim.inventory import Inventory


def settle(held: Inventory) -> None:
    """Let timers run out, writes that waited go on, copies take their space, and relations end.

    A relation that is not persistent ends with its copy. Only what is under way is looked at, so
    that an array of ten thousand quiet relations costs nothing.
    """
    if held.frozen():
        thaw_in_time(held)
    release_queued(held)
    for relation in held.filling():
        claim(held, relation)
    for relation in held.passing():
        if held.out_of_sync(relation) == 0:
            held.drop_relation(relation.pair)
