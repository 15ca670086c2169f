"""Entries of a config that a command line overrides: their form, and their names."""

import inspect
import os
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

from mmengine.config import Config, DictAction
from mmengine.runner import Runner
from torch.utils.data import DataLoader

# What a config may say of a part beside the arguments of its class.
_MARKS = {'type', '_delete_', '_scope_', 'priority', 'constructor', 'paramwise_cfg'}
_LOADER_MARKS = {'dataset', 'num_batch_per_epoch', 'batch_sampler'}
_RUN_MARKS = {
    'runner_type',
    'work_dir',
    'custom_imports',
    'activation_checkpointing',
    'compile',
    'efficient_conv_bn_eval',
    'find_unused_parameters',
    'model_wrapper_cfg',
    'sync_bn',
}


class OverrideAction(DictAction):
    """MMEngine's ``KEY=VALUE``, whose values keep their blanks.

    MMEngine removes every blank, which paths do not survive. Here only those around
    the elements of a list go. A value in quotes that holds commas is one value.
    """

    def __call__(
        self,
        parser: ArgumentParser,
        namespace: Namespace,
        values: Sequence[str],
        option_string: str | None = None,
    ) -> None:
        """Add the entries to those of earlier options.

        Raises:
            SystemExit: If an entry is not of the form ``KEY=VALUE``, or its value is
                none.
        """
        options = dict(getattr(namespace, self.dest, None) or {})
        for entry in values:
            key, equals, value = entry.partition('=')
            if not key or not equals:
                parser.error(f'{option_string} {entry}: expected KEY=VALUE')
            try:
                options[key] = parse_value(value)
            except ValueError as error:
                parser.error(f'{option_string} {key}: {error}')
        setattr(namespace, self.dest, options)


def parse_value(text: str):
    """A number, truth value, None, list, tuple or text, as MMEngine writes them.

    Raises:
        ValueError: If brackets are not closed, or it is a mapping.
    """
    text = text.strip()
    bare = _without_quotes(text)
    if bare.startswith('dict(') or bare[:1] + bare[-1:] == '{}' and ':' in bare:
        raise ValueError(
            f'{text}: a mapping cannot be given in one; to fix it: give its entries '
            'one by one, KEY.ENTRY=VALUE'
        )
    brackets = bare[:1] + bare[-1:]
    if brackets in ('[]', '()') and _closes_last(bare):
        values = [parse_value(part) for part in _split(bare[1:-1])]
        return tuple(values) if brackets == '()' else values
    if ',' not in bare:
        return DictAction._parse_int_float_bool(bare)
    # Commas in quotes, and in brackets after a name, as paths may have them, part
    # nothing.
    parts = [bare] if bare != text else [*_split(bare)]
    if len(parts) == 1 and not bare.endswith(','):
        return bare
    return [parse_value(part) for part in parts]


def quoted(path: str | os.PathLike) -> str:
    """A path as a value that :func:`parse_value` reads as it is."""
    path = os.fspath(path)
    try:
        if parse_value(path) == path:
            return path
    except ValueError:  # brackets that are not closed
        pass
    quote = '"' if "'" in path else "'"
    return f'{quote}{path}{quote}'


def _without_quotes(text: str) -> str:
    """A text without the quotes around all of it."""
    quote = text[:1]
    is_quoted = len(text) > 1 and quote in tuple('\'"') and text[-1] == quote
    return text[1:-1] if is_quoted and quote not in text[1:-1] else text


def _depths(text: str) -> Iterator[tuple[int, str, int]]:
    """Place and character of what is in no quotes, and the brackets around it.

    Quotes begin where a value does; elsewhere they are apostrophes.
    """
    depth, quote, begins = 0, '', True
    for index, character in enumerate(text):
        if quote:
            quote = '' if character == quote else quote
        elif begins and character in tuple('\'"'):
            quote, begins = character, False
        else:
            depth += (character in '([') - (character in ')]')
            begins = character in ',([' or begins and character == ' '
            yield index, character, depth


def _closes_last(text: str) -> bool:
    """Whether the bracket that begins a text is closed by its last character."""
    closed = (index for index, _, depth in _depths(text) if depth == 0)
    return next(closed, -1) == len(text) - 1


def _split(text: str) -> Iterator[str]:
    """Parts between the commas that are in no brackets and no quotes."""
    depth, start = 0, 0
    for index, character, depth in _depths(text):
        if character == ',' and depth == 0:
            yield text[start:index]
            start = index + 1
    if depth:
        raise ValueError(f'{text}: brackets that are not closed')
    if text[start:].strip():
        yield text[start:]


def check_keys(cfg: Config, options: Mapping) -> None:
    """Refuse to override what a config does not have and nothing would take.

    A new entry is one that the class of its part takes, which may be one that another
    option chooses, or, where the class is not known or takes anything, one that
    resembles no entry that is there.

    Args:
        cfg: The config, before ``options`` are applied.
        options: Dotted keys and values.

    Raises:
        ValueError: The message names the nearest key.
    """
    for key in options:
        _check_key(cfg, key, options)


def _check_key(cfg: Config, key: str, options: Mapping) -> None:
    path = key.split('.')
    part, scope = cfg._cfg_dict, cfg.get('default_scope')
    taken = _run_arguments()
    if path[0] in part and path[0] not in taken:
        raise ValueError(
            f'--cfg-options {key}: {path[0]} is a variable of the config, whose value '
            'is in other entries already, so that nothing would change; '
            f'{_uses(part, taken, path)}'
        )
    for depth, name in enumerate(path):
        above = '.'.join(path[:depth])
        if isinstance(part, (list, tuple)):
            if not name.isdigit() or int(name) >= len(part):
                raise ValueError(
                    f'--cfg-options {key}: {above} is a list of {len(part)} entries, '
                    f'0 to {len(part) - 1}; there is no {name}'
                )
            part = part[int(name)]
        elif not isinstance(part, Mapping):
            # None and the like are replaced as a whole.
            return
        elif name in part:
            part = part[name]
        else:
            if (chosen := options.get(f'{above}.type')) is not None:
                part = dict(part, type=chosen)
            _check_new(part, path[:depth], name, key, scope)
            return


def _uses(parts: Mapping, taken: set[str], path: Sequence[str]) -> str:
    """What to override instead of a variable, or of an entry of one."""
    value = parts[path[0]]
    # Numbers may be equal by chance, and are looked for by their names.
    name = None if isinstance(value, Mapping | list | tuple) else path[0]
    found = [
        '.'.join([place, *path[1:]])
        for top in parts.keys() & taken
        for place in _places(parts[top], top, name, value)
    ]
    return f'override {" and ".join(sorted(found)) or "what uses it"}'


def _places(part: object, above: str, name: str | None, value: object) -> Iterator[str]:
    """Where in a part of a config there is such a value, of any name if None."""
    if isinstance(part, Mapping):
        entries = part.items()
    elif isinstance(part, list | tuple):
        entries = enumerate(part)
    else:
        return
    for key, each in entries:
        if name in (None, key) and each == value:
            yield f'{above}.{key}'
        else:
            yield from _places(each, f'{above}.{key}', name, value)


def _check_new(
    part: Mapping, above: Sequence[str], name: str, key: str, scope: str | None
) -> None:
    arguments = _arguments_of(part, above, scope)
    known = {*map(str, part), *(arguments or ())}
    if arguments is not None and name in arguments:
        return
    cutoff = 0.8 if arguments is None else 0.5
    close = get_close_matches(name, known, n=1, cutoff=cutoff)
    if arguments is None and not close:
        return
    if close:
        hint = f'the nearest is {".".join([*above, close[0]])}'
    else:
        hint = f'choose from {", ".join(sorted(known))}'
    raise ValueError(f'--cfg-options {key}: the config has no such entry; {hint}')


def _arguments_of(
    part: Mapping, above: Sequence[str], scope: str | None
) -> set[str] | None:
    """What may be in a part of a config; None if that is not known."""
    if not above:
        return _run_arguments()
    if len(above) == 1 and above[0].endswith('_dataloader'):
        loader = inspect.signature(DataLoader.__init__).parameters
        return {*loader, *_LOADER_MARKS} - {'self'}
    if above == ['train_cfg'] and 'type' not in part:
        by_epoch = 'max_epochs' in part or part.get('by_epoch', True)
        type_ = 'EpochBasedTrainLoop' if by_epoch else 'IterBasedTrainLoop'
        part = dict(part, type=type_)
        return _class_arguments(part['type'], scope, {'by_epoch'})
    if above == ['optim_wrapper'] and 'type' not in part:
        return _class_arguments('OptimWrapper', scope)
    if part.get('type') is None:
        return None
    return _class_arguments(part['type'], scope)


def _run_arguments() -> set[str]:
    return {*inspect.signature(Runner.__init__).parameters, *_RUN_MARKS} - {'self'}


def _class_arguments(
    type_: str | type, scope: str | None, more: set[str] | frozenset = frozenset()
) -> set[str] | None:
    """Arguments of a class, with those that it hands to the classes that it extends."""
    class_ = _find(type_, scope) if isinstance(type_, str) else type_
    if not inspect.isclass(class_):
        return None
    found = {*_MARKS, *more, 'convert_to_iter_based'}
    for each in class_.__mro__:
        if '__init__' not in vars(each):
            continue
        if each is object:
            return None
        parameters = inspect.signature(each.__init__).parameters.values()
        found.update(
            p.name
            for p in parameters
            if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
        )
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            return found - {'self'}
    return None


def _find(name: str, scope: str | None) -> type | None:
    import mmengine.registry as root
    import mmpose.registry as pose

    for module in (pose, root):
        for registry in vars(module).values():
            if not isinstance(registry, root.Registry):
                continue
            if module is root and scope not in (None, 'mmpose', 'mmengine'):
                with registry.switch_scope_and_registry(scope) as scoped:
                    found = scoped.get(name)
            else:
                found = registry.get(name)
            if found is not None:
                return found
    return None
