# The schedule of the FashionAI CPN system: the learning rate falls tenfold after
# three epochs without a better validation result. A recipe adds StopAtLRHook, which
# ends training once it would fall below a hundredth of its start. The published
# system watches the validation loss, this one the normalized error itself.
train_cfg = dict(by_epoch=True, max_epochs=100, val_interval=1)
val_cfg = dict()
test_cfg = dict()

optim_wrapper = dict(
    optimizer=dict(type='SGD', lr=1e-3, momentum=0.9, weight_decay=1e-4)
)
param_scheduler = [
    dict(
        type='ReduceOnPlateauLR',
        monitor='fashionai/NE',
        rule='less',
        factor=0.1,
        patience=2,  # epochs that are forgiven: the third bad one counts
        threshold=0.0,
        # MMEngine would end it with max_epochs, also for a run that is resumed later
        # with more epochs.
        end=10**9,
    )
]
auto_scale_lr = dict(base_batch_size=24)
