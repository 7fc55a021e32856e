"""A command, from its first line to its exit code."""

import os
import sys

from terrarium import console
from terrarium.devices import print0
from terrarium.errors import BadInput, is_out_of_memory, os_error_sentence, out_of_memory_sentence

import torch.distributed as dist


def run_command(work, reader_may_leave=False):
    """Call work(); what a person can mend ends in one sentence and exit code 2.

    reader_may_leave: a pipe that is closed early (`| head`) is not an error.
    """
    console.prepare_streams()
    try:
        with console.KeepSigint():
            work()
            sys.stdout.flush()  # what could not be printed is known now, not after the end
    except BadInput as error:
        fail(error)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            console.stop_printing()
            if reader_may_leave:
                return
        fail(os_error_sentence(error))
    except KeyboardInterrupt:
        fail("Stopped at once.")
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        fail(out_of_memory_sentence())
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()
            if sys.exc_info()[0] is None:  # gloo's threads abort about one in thirty normal exits
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(0)


def fail(reason):
    print0(reason, sys.stderr)
    raise SystemExit(2)
